/// A pickle machine (protocols 0 to 5 as far as checkpoints use them) that builds ``Pickle`` values
/// and nothing else. Names outside ``PickleGlobals`` and opcodes outside the table below end it.
struct Unpickler {
  /// What stops it; `TorchFile` adds the file.
  enum Stop: Error, Equatable {
    /// A name or opcode that could run code or build something else.
    case forbidden(String)
    case damaged(String)
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var stack: [Pickle.Value] = []
  /// Heights of the stack at open marks.
  private var marks: [Int] = []
  private var memo: [Int: Pickle.Value] = [:]
  private var containers: [Pickle.Container] = []

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads one pickle from the start of `bytes`.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(Stop) -> Pickle {
    var machine = Unpickler(bytes)
    while true {
      let code = try machine.byte()
      // STOP
      if code == 0x2E {
        let root = try machine.pop()
        return Pickle(root: root, containers: machine.containers, length: machine.position)
      }
      try machine.execute(code)
    }
  }

  private mutating func execute(_ code: UInt8) throws(Stop) {
    if try scalar(code) { return }
    if try container(code) { return }
    if try reference(code) { return }
    let name = PickleOpcodes.forbidden[code].map { "the opcode \($0)" }
    throw name.map(Stop.forbidden) ?? .damaged("the byte \(code) at \(position - 1) is no opcode")
  }

  // MARK: Numbers, text and bytes

  private mutating func scalar(_ code: UInt8) throws(Stop) -> Bool {
    switch code {
    case 0x80:  // PROTO
      let version = try byte()
      guard version <= 5 else { throw .damaged("its pickle protocol is \(version)") }
    case 0x95: _ = try integer(UInt64.self)  // FRAME
    case 0x4E: stack.append(.none)  // NONE
    case 0x88: stack.append(.bool(true))  // NEWTRUE
    case 0x89: stack.append(.bool(false))  // NEWFALSE
    case 0x4A: stack.append(.int(Int(try integer(Int32.self))))  // BININT
    case 0x4B: stack.append(.int(Int(try byte())))  // BININT1
    case 0x4D: stack.append(.int(Int(try integer(UInt16.self))))  // BININT2
    case 0x8A: stack.append(try long(Int(try byte())))  // LONG1
    case 0x8B: stack.append(try long(Int(try integer(Int32.self))))  // LONG4
    case 0x47:  // BINFLOAT, big-endian
      stack.append(.float(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case 0x58: stack.append(.text(try text(Int(try integer(UInt32.self)))))  // BINUNICODE
    case 0x8C: stack.append(.text(try text(Int(try byte()))))  // SHORT_BINUNICODE
    case 0x8D:  // BINUNICODE8
      stack.append(.text(try text(Int(clamping: try integer(UInt64.self)))))
    case 0x55: stack.append(.text(try text(Int(try byte()))))  // SHORT_BINSTRING, of Python 2
    case 0x54: stack.append(.text(try text(Int(try integer(Int32.self)))))  // BINSTRING
    case 0x43: stack.append(.bytes(try block(Int(try byte()))))  // SHORT_BINBYTES
    case 0x42: stack.append(.bytes(try block(Int(try integer(UInt32.self)))))  // BINBYTES
    default: return false
    }
    return true
  }

  private mutating func long(_ length: Int) throws(Stop) -> Pickle.Value {
    let digits = try block(length)
    guard length <= 8 else { return .long(digits) }
    let negative = (digits.last ?? 0) >= 0x80
    var value: UInt64 = negative ? .max : 0
    for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
    return .int(Int(Int64(bitPattern: value)))
  }

  // MARK: Containers

  private mutating func container(_ code: UInt8) throws(Stop) -> Bool {
    switch code {
    case 0x28: marks.append(stack.count)  // MARK
    case 0x30: _ = try pop()  // POP
    case 0x31: _ = try popToMark()  // POP_MARK
    case 0x32: stack.append(try top())  // DUP
    case 0x5D, 0x8F: stack.append(.list(add(.items([]))))  // EMPTY_LIST, EMPTY_SET
    case 0x7D: stack.append(.dictionary(add(.pairs([]))))  // EMPTY_DICT
    case 0x29: stack.append(.tuple(add(.items([]))))  // EMPTY_TUPLE
    case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
      stack.append(.tuple(add(.items(try pop(count: Int(code) - 0x84)))))
    case 0x74: stack.append(.tuple(add(.items(try popToMark()))))  // TUPLE
    case 0x6C: stack.append(.list(add(.items(try popToMark()))))  // LIST
    case 0x64:  // DICT
      stack.append(.dictionary(add(.pairs(try pairs(try popToMark())))))
    case 0x61: try append([try pop()])  // APPEND
    case 0x65, 0x90: try append(try popToMark())  // APPENDS, ADDITEMS
    case 0x73: try setItems(try pop(count: 2))  // SETITEM
    case 0x75: try setItems(try popToMark())  // SETITEMS
    default: return false
    }
    return true
  }

  private func pairs(
    _ items: [Pickle.Value]
  ) throws(Stop) -> [(key: Pickle.Value, value: Pickle.Value)] {
    guard items.count.isMultiple(of: 2) else { throw .damaged("a key lacks its value") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  private mutating func append(_ items: [Pickle.Value]) throws(Stop) {
    // Settings take items as they take everything: unread.
    if case .settings = try top() { return }
    guard case .list(let place) = try top(), case .items(var old) = containers[place] else {
      throw .damaged("items are added to something that is no list")
    }
    containers[place] = .items([])
    old += items
    containers[place] = .items(old)
  }

  private mutating func setItems(_ items: [Pickle.Value]) throws(Stop) {
    if case .settings = try top() { return }
    guard case .dictionary(let place) = try top(), case .pairs(var old) = containers[place] else {
      throw .damaged("entries are added to something that is no dictionary")
    }
    containers[place] = .pairs([])
    old += try pairs(items)
    containers[place] = .pairs(old)
  }

  // MARK: Names, calls and the memo

  private mutating func reference(_ code: UInt8) throws(Stop) -> Bool {
    switch code {
    case 0x71: memo[Int(try byte())] = try top()  // BINPUT
    case 0x72: memo[Int(try integer(UInt32.self))] = try top()  // LONG_BINPUT
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case 0x68: stack.append(try recall(Int(try byte())))  // BINGET
    case 0x6A: stack.append(try recall(Int(try integer(UInt32.self))))  // LONG_BINGET
    case 0x63: try name(try line() + "." + line())  // GLOBAL
    case 0x93:  // STACK_GLOBAL
      guard case .text(let last) = try pop(), case .text(let module) = try pop() else {
        throw .damaged("a name is no text")
      }
      try name(module + "." + last)
    case 0x52, 0x81:  // REDUCE, NEWOBJ
      let arguments = try pop()
      guard case .global(let name) = try pop() else {
        throw .forbidden("a call of something that is no name")
      }
      stack.append(try call(name, arguments))
    case 0x62: try build()  // BUILD
    case 0x51: stack.append(try storage(try pop()))  // BINPERSID
    default: return false
    }
    return true
  }

  private mutating func name(_ name: String) throws(Stop) {
    guard PickleGlobals.allows(name) else { throw .forbidden(name) }
    stack.append(.global(name))
  }

  /// State given to an object: an ordered dictionary's version notes, and settings. Neither is kept.
  private mutating func build() throws(Stop) {
    _ = try pop()
    switch try top() {
    case .dictionary, .settings, .tensor: return
    default: throw .forbidden("the opcode BUILD on something that is no container")
    }
  }

  private mutating func call(
    _ name: String, _ arguments: Pickle.Value
  ) throws(Stop) -> Pickle.Value {
    let given = items(arguments) ?? []
    if PickleGlobals.tensorBuilders.contains(name) { return try tensor(name, given) }
    if PickleGlobals.settings.contains(name) { return .settings(name) }
    if PickleGlobals.dictionaries.contains(name) {
      // OrderedDict of Python 2 is called with a list of pairs; defaultdict with its factory.
      guard name.hasSuffix("OrderedDict"), let first = given.first, let listed = items(first) else {
        return .dictionary(add(.pairs([])))
      }
      var pairs: [(key: Pickle.Value, value: Pickle.Value)] = []
      for entry in listed {
        guard let pair = items(entry), pair.count == 2 else {
          throw .damaged("an OrderedDict is made of something that is no pair")
        }
        pairs.append((pair[0], pair[1]))
      }
      return .dictionary(add(.pairs(pairs)))
    }
    if PickleGlobals.sequences.contains(name) {
      return .tuple(add(.items(given.first.flatMap(items) ?? [])))
    }
    throw .forbidden("a call of \(name)")
  }

  /// `_rebuild_tensor(storage, offset, shape, strides)`; version 2 adds whether gradients were kept,
  /// hooks and metadata, which are read past. `_rebuild_parameter(tensor, …)` is its tensor.
  private mutating func tensor(
    _ name: String, _ arguments: [Pickle.Value]
  ) throws(Stop) -> Pickle.Value {
    if name.hasSuffix("_rebuild_parameter") {
      guard let first = arguments.first, case .tensor = first else {
        throw .damaged("a parameter is no tensor")
      }
      return first
    }
    guard arguments.count >= 4, case .storage(let place) = arguments[0],
      case .storage(let storage) = containers[place], case .int(let offset) = arguments[1],
      let shape = integers(arguments[2]), let strides = integers(arguments[3]),
      shape.count == strides.count, shape.count <= 16, offset >= 0,
      (shape + strides).allSatisfy({ $0 >= 0 && $0 < 1 << 40 })
    else { throw .damaged("a tensor is described wrongly") }
    guard
      StoredTensor.bytes(storage.type, shape) != nil,
      Self.fits(shape, strides, offset: offset, in: storage.count)
    else {
      throw .damaged("a tensor of shape \(shape) lies outside its storage of \(storage.count)")
    }
    return .tensor(
      add(.tensor(.init(storage: storage, offset: offset, shape: shape, strides: strides))))
  }

  /// The last element of the view is one of the storage's.
  private static func fits(
    _ shape: [Int], _ strides: [Int], offset: Int, in count: Int
  ) -> Bool {
    guard !shape.contains(0) else { return offset <= count }
    var last = offset
    for (size, step) in zip(shape, strides) {
      let reach = (size - 1).multipliedReportingOverflow(by: step)
      let sum = last.addingReportingOverflow(reach.partialValue)
      guard !reach.overflow, !sum.overflow else { return false }
      last = sum.partialValue
    }
    return last < count
  }

  /// ("storage", type, key, device, count), and for the oldest files a view, which must be None.
  private mutating func storage(_ identifier: Pickle.Value) throws(Stop) -> Pickle.Value {
    guard let parts = items(identifier), parts.count >= 5, case .text("storage") = parts[0],
      case .global(let kind) = parts[1], let type = PickleGlobals.storages[kind],
      case .text(let key) = parts[2], case .int(let count) = parts[4], count >= 0,
      parts.count == 5 || parts[5] == .none
    else { throw .damaged("a storage is described wrongly") }
    return .storage(add(.storage(.init(key: key, type: type, count: count))))
  }

  // MARK: Stack and bytes

  private mutating func add(_ container: Pickle.Container) -> Int {
    containers.append(container)
    return containers.count - 1
  }

  private func items(_ value: Pickle.Value) -> [Pickle.Value]? {
    switch value {
    case .tuple(let place), .list(let place):
      guard case .items(let items) = containers[place] else { return nil }
      return items
    default: return nil
    }
  }

  private func integers(_ value: Pickle.Value) -> [Int]? {
    var numbers: [Int] = []
    for item in items(value) ?? [.none] {
      guard case .int(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  private func recall(_ index: Int) throws(Stop) -> Pickle.Value {
    guard let value = memo[index] else { throw .damaged("it recalls \(index), never put there") }
    return value
  }

  private func top() throws(Stop) -> Pickle.Value {
    guard let last = stack.last, stack.count > marks.last ?? 0 else {
      throw .damaged("its stack is empty at byte \(position)")
    }
    return last
  }

  private mutating func pop() throws(Stop) -> Pickle.Value {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws(Stop) -> [Pickle.Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw .damaged("its stack is empty at byte \(position)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(Stop) -> [Pickle.Value] {
    guard let mark = marks.popLast() else {
      throw .damaged("a mark is missing at byte \(position)")
    }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func byte() throws(Stop) -> UInt8 { try integer(UInt8.self) }

  private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(Stop) -> Value {
    let width = MemoryLayout<Value>.size
    guard width <= bytes.count - position else { throw .damaged("it ends before its STOP") }
    defer { position += width }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
  }

  private mutating func block(_ length: Int) throws(Stop) -> [UInt8] {
    guard length >= 0, length <= bytes.count - position else {
      throw .damaged(
        "\(length) bytes are claimed at \(position), \(bytes.count - position) are left")
    }
    defer { position += length }
    return Array(bytes[position..<position + length])
  }

  private mutating func text(_ length: Int) throws(Stop) -> String {
    String(decoding: try block(length), as: UTF8.self)
  }

  /// Up to the next line feed, which is read past. Names are short.
  private mutating func line() throws(Stop) -> String {
    let start = position
    while try byte() != 0x0A {
      guard position - start <= 1024 else { throw .damaged("a name is longer than 1024 bytes") }
    }
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }
}

/// Opcodes that are understood well enough to be refused by name.
enum PickleOpcodes {
  static let forbidden: [UInt8: String] = [
    0x69: "INST", 0x6F: "OBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x50: "PERSID",
    0x92: "NEWOBJ_EX", 0x46: "FLOAT", 0x49: "INT", 0x4C: "LONG", 0x53: "STRING", 0x56: "UNICODE",
    0x67: "GET", 0x70: "PUT", 0x8E: "BINBYTES8", 0x91: "FROZENSET", 0x96: "BYTEARRAY8",
    0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
