import Foundation
import XlingCore

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
  /// One text a line; the last line may lack its line feed. Throws ``EmbedFailure``, `TextFailure`,
  /// `ForeignFileFailure`, `JSONFailure` for a repeated key, `FileFailure`.
  static func texts(_ input: String, field: String?) throws -> [String] {
    let lines = try lines(input)
    guard !lines.isEmpty else { throw EmbedFailure.nothing(input: input, expected: "texts") }
    guard let field else { return lines }
    return try lines.enumerated().map { index, line in
      let json = Data(line.utf8)
      try JSONFile.check(json, in: input, line: index + 1)
      let object = try? JSONSerialization.jsonObject(with: json) as? [String: Any]
      guard let text = object?[field] as? String else {
        throw EmbedFailure.notJSON(file: input, line: index + 1, field: field)
      }
      return text
    }
  }

  private static let endings: Set = ["jpg", "jpeg", "png", "webp"]

  /// Of pictures that are not read.
  private static let otherEndings: Set = [
    "gif", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl", "jp2", "svg", "jfif", "jpe",
  ]

  private static func leftOut(_ names: [String], of folder: String) -> String {
    let shown = names.prefix(3).map { TerminalText.visible($0) }.joined(separator: ", ")
    return
      "xling: warning: \(folder): \(names.count) pictures are no rows, since .jpg, .jpeg, .png "
      + "and .webp are read: \(shown)\(names.count > 3 ? ", …" : "")\n"
  }

  /// A folder's pictures by name, or the paths of a list. Throws ``EmbedFailure``, `FileFailure`.
  static func pictures(_ input: String) throws -> [String] {
    var isFolder: ObjCBool = false
    var paths: [String]
    if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue {
      let names = try FolderNames.read(input).filter { !FolderNames.isLeftover($0) }
      func has(_ name: String, _ endings: Set<String>) -> Bool {
        endings.contains(name.split(separator: ".").last?.lowercased() ?? "")
      }
      paths = names.filter { has($0, endings) }.map { input + "/" + $0 }
      let others = names.filter { has($0, otherEndings) }
      if !others.isEmpty { ProgressBar.toStandardError(leftOut(others, of: input)) }
    } else {
      paths = try lines(input)
    }
    guard !paths.isEmpty else {
      throw EmbedFailure.nothing(input: input, expected: "pictures (.jpg, .jpeg, .png, .webp)")
    }
    return paths
  }

  private static func lines(_ input: String) throws -> [String] {
    let given = input == "-" ? try LineInput.standardInput() : try AtomicFile.read(input)
    let data = try TextBytes.utf8(given, path: input == "-" ? "stdin" : input)
    var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
  }
}
