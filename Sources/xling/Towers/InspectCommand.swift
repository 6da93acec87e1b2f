import ArgumentParser
import XlingCore
import XlingData
import XlingReports
import XlingTokenizers
import XlingTowers

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What a checkpoint holds and what it would be used as.",
    discussion: """
      Reads headers, never weights: safetensors, whole or in shards, and PyTorch files, through an \
      unpickler that builds tensors and plain containers only. Tells what the folder declares (modules, \
      pooling, prompts, lengths, architecture, tokenizer), in which file, and what is done with it. Ends \
      with status 65 when the tensors do not fit the config.json beside them, or a declaration is not \
      computed here.
      """)

  @Argument(help: "A tower's folder, or a .safetensors, .bin or .pth file.")
  var path: String

  @Option(
    help: "Attention heads, where a file without config.json does not tell.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var heads: Int?

  @OptionGroup var json: JSONOption

  func run() throws {
    var found = try Inspection(path, heads: heads)
    found = found.adding(Self.others(at: path, found.kind))
    try json.print(found) { Self.text(found) }
    guard found.kind != "tensors", !found.problems.isEmpty else { return }
    throw TowerFailure.tensors(path: found.path, problems: found.problems)
  }

  /// What the tokenizer of a text tower and the processor of an image tower say, or why there is none.
  private static func others(at path: String, _ kind: String) -> [Declaration] {
    guard let folder = try? TowerPlace.folder(of: path) else { return [] }
    var all: [Declaration] = []
    if kind.hasPrefix("text") {
      all += told("tokenizer") {
        let tokenizer = try TokenizerSource.load(folder)
        return tokenizer.declarations + [
          Declaration(
            file: "", key: "tokenizer", value: tokenizer.summary.model,
            use: "\(tokenizer.vocabularySize) pieces")
        ]
      }
    }
    if kind.hasSuffix("image tower") {
      all += told("pictures") { try DeclaredPictures(folder: path)?.declarations ?? [] }
    }
    return all
  }

  private static func told(_ key: String, _ read: () throws -> [Declaration]) -> [Declaration] {
    do { return try read() } catch {
      let words = (error as? any Failure)?.description ?? "\(error)"
      return [Declaration(file: "", key: key, value: "", use: "refused: " + words)]
    }
  }

  private static func text(_ found: Inspection) -> String {
    let types = found.types.sorted { $0.key < $1.key }
      .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    let left = found.tensors.filter { !$0.used }
    var rows = [
      ["path", found.path],
      ["container", "\(found.container), \(found.bytes) bytes"],
      ["kind", found.kind],
    ]
    if let architecture = found.architecture { rows.append(["architecture", architecture]) }
    rows.append(["numbers", "\(found.numbers) in \(found.tensors.count) tensors (\(types))"])
    if let part = found.part {
      rows.append(["part", "\"\(part)\" of this and \(names(found.besides))"])
    }
    if found.problems.isEmpty {
      let rest = left.isEmpty ? "all" : "all but \(left.count)"
      rows.append(
        ["used as", "\(found.kind) of \(found.towerParameters) parameters, \(rest) of its tensors"])
    } else {
      rows.append(["used as", "nothing: \(found.problems[0])"])
    }
    let tensors = found.tensors.map { tensor in
      [
        "  " + tensor.name, tensor.type, "\(tensor.shape)",
        tensor.used || !found.problems.isEmpty ? "" : "left out",
      ]
    }
    let declared = found.declarations.map { ["  " + $0.file, $0.key, $0.value, $0.use] }
    return TextTable(rows, leading: 2).text
      + (declared.isEmpty ? "" : "\ndeclared\n" + TextTable(declared, leading: 4).text)
      + "\n" + TextTable(tensors, leading: 4).text
  }

  private static func names(_ besides: [String]) -> String {
    besides.isEmpty ? "nothing else" : besides.joined(separator: ", ")
  }
}
