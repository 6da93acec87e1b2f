/// A PyTorch checkpoint (`torch.save`): the zip format, or the legacy one (four pickles, then the
/// storages one after another). Tensors stay where they lie in the file.
struct TorchFile {
  let file: MappedFile
  /// "zip" or "legacy pickle".
  let format: String
  let pickle: Pickle
  /// Where each storage's bytes lie.
  private let storages: [String: Range<Int>]

  static func isZip(_ file: MappedFile) -> Bool {
    file.integer(0, as: UInt32.self) == 0x0403_4B50
  }

  /// PROTO, 2 or above: what every legacy checkpoint begins with.
  static func isPickle(_ file: MappedFile) -> Bool {
    guard let start: UInt16 = file.integer(0) else { return false }
    return start & 0xFF == 0x80 && (2...5).contains(start >> 8)
  }

  /// Throws ``TowerFailure/notPyTorch(path:reason:)`` or ``TowerFailure/forbidden(path:what:)``.
  init(_ file: MappedFile) throws(TowerFailure) {
    self.file = file
    if Self.isZip(file) {
      format = "zip"
      (pickle, storages) = try Self.readZip(file)
    } else {
      format = "legacy pickle"
      (pickle, storages) = try Self.readLegacy(file)
    }
  }

  private static func refuse(_ file: MappedFile, _ reason: String) -> TowerFailure {
    .notPyTorch(path: file.path, reason: reason)
  }

  private static func unpickle(
    _ file: MappedFile, _ range: Range<Int>
  ) throws(TowerFailure) -> Pickle {
    do {
      return try Unpickler.read(file.bytes(range))
    } catch {
      switch error {
      case .forbidden(let what): throw .forbidden(path: file.path, what: what)
      case .damaged(let reason): throw refuse(file, reason)
      }
    }
  }

  private static func readZip(
    _ file: MappedFile
  ) throws(TowerFailure) -> (Pickle, [String: Range<Int>]) {
    let archive = try ZipArchive(file)
    let pickles = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }
    guard let name = pickles.first, pickles.count == 1 else {
      throw refuse(file, "it has \(pickles.count) entries data.pkl, expected one")
    }
    let folder = name.dropLast("data.pkl".count)
    if let order = archive.entries[folder + "byteorder"] {
      guard String(decoding: file.bytes(order), as: UTF8.self) == "little" else {
        throw refuse(file, "it was written on a big-endian machine")
      }
    }
    let pickle = try unpickle(file, archive.entries[name] ?? 0..<0)
    var storages: [String: Range<Int>] = [:]
    let prefix = folder + "data/"
    for (entry, range) in archive.entries where entry.hasPrefix(prefix) {
      storages[String(entry.dropFirst(prefix.count))] = range
    }
    return (pickle, storages)
  }

  /// 0x1950a86a20f9469cfc6c, little-endian: what `torch.save` wrote first before version 1.6.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  private static func readLegacy(
    _ file: MappedFile
  ) throws(TowerFailure) -> (Pickle, [String: Range<Int>]) {
    var position = 0
    func next() throws(TowerFailure) -> Pickle {
      let pickle = try unpickle(file, position..<file.count)
      position += pickle.length
      return pickle
    }
    guard case .long(magic) = try next().root else {
      throw refuse(file, "it is a pickle, but not one of torch.save")
    }
    guard case .int(1001) = try next().root else {
      throw refuse(file, "its version is not 1001")
    }
    let system = try next()
    if let entries = system.entries(system.root),
      entries.contains(where: { $0.name == "little_endian" && $0.value == .bool(false) })
    {
      throw refuse(file, "it was written on a big-endian machine")
    }
    let pickle = try next()
    let keys = try next()
    var widths: [String: Int] = [:]
    for case .storage(let storage) in pickle.containers { widths[storage.key] = storage.type.width }
    var storages: [String: Range<Int>] = [:]
    for key in keys.items(keys.root) ?? [] {
      guard case .text(let key) = key, let width = widths[key],
        let count: Int64 = file.integer(position), count >= 0,
        Int(count) <= (file.count - position - 8) / width
      else { throw refuse(file, "its storages end early; the file was cut off") }
      storages[key] = position + 8..<position + 8 + Int(count) * width
      position += 8 + Int(count) * width
    }
    return (pickle, storages)
  }

  /// The tensors of a state dict, by name. Throws ``TowerFailure/notPyTorch(path:reason:)``.
  func tensors(_ dictionary: Pickle.Value) throws(TowerFailure) -> [String: StoredTensor] {
    var found: [String: StoredTensor] = [:]
    for (name, value) in pickle.entries(dictionary) ?? [] {
      guard let tensor = pickle.tensor(value) else { continue }
      guard found.updateValue(try stored(tensor, name), forKey: name) == nil else {
        throw Self.refuse(file, "its tensor \"\(name)\" occurs twice")
      }
    }
    return found
  }

  private func stored(_ tensor: Pickle.Tensor, _ name: String) throws(TowerFailure) -> StoredTensor
  {
    let storage = tensor.storage
    let needed = storage.count.multipliedReportingOverflow(by: storage.type.width)
    guard let range = storages[storage.key], !needed.overflow, needed.partialValue <= range.count
    else {
      throw Self.refuse(
        file, "the storage \(storage.key) of \"\(name)\" is missing or shorter than it should be")
    }
    return StoredTensor(
      type: storage.type, shape: tensor.shape, strides: tensor.strides, file: file,
      offset: range.lowerBound + tensor.offset * storage.type.width)
  }
}
