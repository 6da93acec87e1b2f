import Foundation
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

/// What can be wrong with what `xling embed` reads and keeps.
enum EmbedFailure: Failure, Equatable {
  case notJSON(file: String, line: Int, field: String)
  case nothing(input: String, expected: String)
  case otherWork(path: String)

  var exitStatus: ExitStatus {
    switch self {
    case .notJSON: .badData
    case .nothing: .missingInput
    case .otherWork: .usage
    }
  }

  var description: String {
    switch self {
    case .notJSON(let file, let line, let field):
      "\(file):\(line): expected a JSON object with a text under \"\(field)\""
    case .nothing(let input, let expected): "\(input) holds no \(expected)"
    case .otherWork(let path):
      "\(path) was begun with another tower, input or options. Leave --resume out to begin anew."
    }
  }
}

/// Texts and paths, in their order.
enum EmbedInputs {
  /// One text a line; the last line may lack its line feed. Throws ``EmbedFailure``, `FileFailure`.
  static func texts(_ input: String, field: String?) throws -> [String] {
    let lines = try lines(input)
    guard !lines.isEmpty else { throw EmbedFailure.nothing(input: input, expected: "texts") }
    guard let field else { return lines }
    return try lines.enumerated().map { index, line in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let text = object?[field] as? String else {
        throw EmbedFailure.notJSON(file: input, line: index + 1, field: field)
      }
      return text
    }
  }

  private static let endings: Set = ["jpg", "jpeg", "png", "webp"]

  /// A folder's pictures by name, or the paths of a list. Throws ``EmbedFailure``, `FileFailure`.
  static func pictures(_ input: String) throws -> [String] {
    var isFolder: ObjCBool = false
    var paths: [String]
    if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue {
      let names = try FileManager.default.contentsOfDirectory(atPath: input).sorted()
      paths = names.filter { name in
        endings.contains(name.split(separator: ".").last?.lowercased() ?? "")
      }.map { input + "/" + $0 }
    } else {
      paths = try lines(input)
    }
    guard !paths.isEmpty else {
      throw EmbedFailure.nothing(input: input, expected: "pictures (.jpg, .jpeg, .png, .webp)")
    }
    return paths
  }

  private static func lines(_ input: String) throws -> [String] {
    let data =
      input == "-" ? FileHandle.standardInput.readDataToEndOfFile() : try AtomicFile.read(input)
    var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
  }
}

/// Texts or pictures to pooled vectors.
struct EmbedRows {
  let width: Int
  private let compute: ([String]) throws -> [Float]

  init(_ tower: TextTower, tokenizer: some Tokenizer, maximumTokens: Int) {
    let workspace = Workspace()
    let limit = min(maximumTokens, tower.configuration.maximumTokens)
    width = tower.width
    compute = { texts in
      workspace.reset()
      let batch = TokenBatch(texts.map { tokenizer.ids(of: $0, maximumLength: limit) })
      let activations = tower.forward(batch, reading: .first, in: workspace, training: false)
      return tower.pool(activations, in: workspace).array()
    }
  }

  init(_ tower: ImageTower, statistics: ChannelStatistics) {
    let workspace = Workspace()
    let preprocessing = ImagePreprocessing(
      size: tower.configuration.imageSize, statistics: statistics)
    width = tower.width
    compute = { paths in
      workspace.reset()
      let pixels = workspace.floats(paths.count * preprocessing.elementCount)
      try Self.load(paths, preprocessing, into: pixels)
      let batch = PictureBatch(pixels: pixels, count: paths.count)
      let activations = tower.forward(batch, reading: .first, in: workspace, training: false)
      return tower.pool(activations, in: workspace).vectors.array()
    }
  }

  /// Row-major [items, width].
  func vectors(of items: [String]) throws -> [Float] { try compute(items) }

  /// On all threads; throws the failure of the first picture that has one.
  private static func load(
    _ paths: [String], _ preprocessing: ImagePreprocessing,
    into pixels: UnsafeMutablePointer<Float>
  ) throws {
    var failures = [(any Error)?](repeating: nil, count: paths.count)
    failures.withUnsafeMutableBufferPointer { failures in
      // A slot is one thread's; they are read when all threads are done.
      nonisolated(unsafe) let failures = failures
      Parallel.ranges(paths.count, grain: 1) { rows in
        for row in rows {
          do {
            preprocessing.write(
              try Picture.load(path: paths[row]), to: pixels + row * preprocessing.elementCount)
          } catch { failures[row] = error }
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  /// Each row of `width` to length one; rows of zeros stay.
  static func normalize(_ vectors: inout [Float], width: Int) {
    for start in stride(from: 0, to: vectors.count, by: width) {
      let row = start..<start + width
      let square = vectors[row].reduce(0.0) { $0 + Double($1) * Double($1) }
      guard square > 0 else { continue }
      let factor = Float(1 / square.squareRoot())
      for index in row { vectors[index] *= factor }
    }
  }
}
