import Foundation
import XlingAlignment
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
  case damaged(path: String, rows: Range<Int>)

  var exitStatus: ExitStatus {
    switch self {
    case .notJSON, .damaged: .badData
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
      "\(path) was begun with another tower, input or options, by another version or on another kind "
        + "of processor. Leave --resume out to begin anew."
    case .damaged(let path, let rows):
      "\(path): rows \(rows.lowerBound + 1) to \(rows.upperBound) are not what was written. Leave "
        + "--resume out to begin anew."
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
    let data = input == "-" ? try LineInput.standardInput() : try AtomicFile.read(input)
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
  private let compute: (Range<Int>) throws -> [Float]

  init(_ texts: [String], _ tower: TextTower, tokenizer: some Tokenizer, maximumTokens: Int) {
    let workspace = Workspace()
    let limit = min(maximumTokens, tower.configuration.maximumTokens)
    width = tower.width
    compute = { rows in
      workspace.reset()
      let batch = TokenBatch(texts[rows].map { tokenizer.ids(of: $0, maximumLength: limit) })
      return Matmul.$keepsRowsAlike.withValue(true) {
        let activations = tower.forward(batch, reading: .pooled, in: workspace, training: false)
        return tower.pool(activations, in: workspace).array()
      }
    }
  }

  /// Pictures by their paths; the next ones are decoded while the tower computes. What is wrong with
  /// those that `input` lets pass goes to `damage`.
  init(_ paths: [String], _ tower: ImageTower, _ input: PictureInput, _ damage: PictureDamage) {
    let workspace = Workspace()
    let loader = PixelLoader(preprocessing: input.preprocessing)
    let ahead = PicturesAhead { index in
      let result = try input.load(path: paths[index])
      if let reason = result.damage { damage.note(paths[index], reason) }
      return result.picture
    }
    width = tower.width
    compute = { rows in
      workspace.reset()
      let batch = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
        try loader.load(Array(rows), step: nil, into: $0, picture: ahead.picture)
      }
      ahead.announce(rows.upperBound..<min(rows.upperBound + rows.count, paths.count))
      return Matmul.$keepsRowsAlike.withValue(true) {
        let activations = tower.forward(batch, reading: .pooled, in: workspace, training: false)
        return tower.pool(activations, in: workspace).vectors.array()
      }
    }
  }

  /// Of those items, row-major [items, width].
  func vectors(of items: Range<Int>) throws -> [Float] { try compute(items) }

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
