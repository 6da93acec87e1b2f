import Foundation
import XlingCore
import XlingTestSupport
import XlingTowers

/// A working folder with `data/scenes` (40, 8 and 12 pictures) and untrained towers in `text` and
/// `image`, made once and copied for each test.
final class Bench {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// What ships lies in this checkout, wherever the binary was built.
  private static let home = ["XLING_HOME": root]

  private struct Template: Sendable {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      let built = try XlingBinary.run(
        ["data", "build", "scenes", "--train", "40", "--val", "8", "--test", "12"],
        environment: home, in: folder.path)
      guard built.status == 0 else { throw BenchFailure(message: built.stderr) }
      let tokenizer = root + "/tokenizers/mini-wordpiece"
      let vocabulary = try AtomicFile.read(tokenizer + "/vocab.txt")
      let text = TextTower(
        BERTConfiguration(
          vocabularySize: vocabulary.count { $0 == 0x0A }, hiddenSize: 32, layers: 2, heads: 2,
          intermediateSize: 64, maximumPositions: 32))
      text.initialize(seed: 1, deviation: 0.1)
      try text.save(to: folder.path + "/text", storage: .float32)
      let image = ImageTower(
        ViTConfiguration(
          imageSize: 32, patchSize: 8, hiddenSize: 32, layers: 2, heads: 2, intermediateSize: 64))
      image.initialize(seed: 2, deviation: 0.1)
      try image.save(to: folder.path + "/image", storage: .float32)
      for name in ["vocab.txt", "tokenizer_config.json"] {
        try FileManager.default.copyItem(
          atPath: tokenizer + "/" + name, toPath: folder.path + "/text/" + name)
      }
    }
  }

  private static let template = Result { try Template() }

  private let folder: TemporaryFolder
  var path: String { folder.path }

  init() throws {
    folder = try TemporaryFolder()
    let template = try Self.template.get().folder.path
    for name in ["data", "text", "image"] {
      try FileManager.default.copyItem(
        atPath: template + "/" + name, toPath: folder.path + "/" + name)
    }
  }

  func xling(_ arguments: [String], shell: String? = nil) throws -> XlingBinary.Result {
    try XlingBinary.run(arguments, environment: Self.home, in: path, shell: shell)
  }

  func start(_ arguments: [String]) throws -> XlingBinary.Running {
    try XlingBinary.start(arguments, environment: Self.home, in: path)
  }

  /// The arguments of a short training.
  func align(_ method: String, _ output: String, _ more: [String] = []) -> [String] {
    [
      "align", "--method", method, "--data", "scenes", "--text-tower", "text", "--image-tower",
      "image", "--output", output, "--batch-size", "8",
    ] + (more.contains("--steps") ? [] : ["--steps", "4"]) + more
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + name)
  }

  func names(in name: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + name)) ?? []).sorted()
  }

  func change(_ name: String, _ body: (Data) -> Data) throws {
    try AtomicFile.write(body(try AtomicFile.read(path + "/" + name)), to: path + "/" + name)
  }
}

struct BenchFailure: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}

/// `--json` output.
enum Parsed {
  static func list(_ text: String) throws -> [[String: Any]] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    guard let list = value as? [[String: Any]] else {
      throw BenchFailure(message: "no list of objects: \(text.prefix(200))")
    }
    return list
  }

  static func object(_ text: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    guard let object = value as? [String: Any] else {
      throw BenchFailure(message: "no object: \(text.prefix(200))")
    }
    return object
  }
}
