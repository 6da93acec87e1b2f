import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// `embed`, `inspect`, `align`, `show` and `export` on a folder of sentence-transformers.
struct DeclaredTextTests {
  let folder: TemporaryFolder
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The shipped text tower, with mean pooling, a length and prompts declared.
  init() throws {
    folder = try TemporaryFolder()
    let tower = folder.path + "/tower"
    try FileManager.default.copyItem(atPath: Self.root + "/towers/mini-text", toPath: tower)
    let kind = "sentence_transformers.models."
    for (name, text) in [
      (
        "modules.json",
        #"[{"type": "\#(kind)Transformer", "path": ""}, {"type": "\#(kind)Pooling", "path": "1_Pooling"}]"#
      ),
      ("1_Pooling/config.json", #"{"word_embedding_dimension": 192, "pooling_mode": "mean"}"#),
      ("sentence_bert_config.json", #"{"max_seq_length": 12, "do_lower_case": false}"#),
      (
        "config_sentence_transformers.json",
        #"{"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "query"}"#
      ),
    ] {
      try AtomicFile.createFolder(PathParts.folder(of: tower + "/" + name))
      try AtomicFile.write(Data(text.utf8), to: tower + "/" + name)
    }
  }

  private func vectors(_ options: [String], of texts: String) throws -> [UInt8] {
    try texts.write(toFile: folder.path + "/texts", atomically: true, encoding: .utf8)
    let out = folder.path + "/out.npy"
    let result = try XlingBinary.run(
      ["embed", "--input", "texts", "--output", out] + options, in: folder.path)
    try #require(result.status == 0, "\(result.stderr)")
    return [UInt8](try AtomicFile.read(out))
  }

  @Test func promptsAndPoolingAreThoseDeclared() throws {
    let texts = "a red cat\nein Hund im Schnee\n"
    let declared = try vectors(["--tower", "tower"], of: texts)
    let written = try vectors(
      ["--tower", "tower", "--prompt", ""], of: "query: a red cat\nquery: ein Hund im Schnee\n")
    #expect(declared == written)
    #expect(try vectors(["--tower", "tower", "--prompt-name", "passage"], of: texts) != declared)
    // The first token without a prompt, whatever the folder declares: the plain tower.
    let plain = try vectors(["--tower", Self.root + "/towers/mini-text"], of: texts)
    #expect(
      try vectors(["--tower", "tower", "--pooling", "cls", "--prompt", ""], of: texts) == plain)
    let missing = try XlingBinary.run(
      [
        "embed", "--tower", "tower", "--input", "texts", "--output", "x.npy", "--prompt-name",
        "nix",
      ],
      in: folder.path)
    #expect(missing.status == 64 && missing.stderr.contains("it has document, passage, query"))
  }

  @Test func inspectTellsThem() throws {
    let result = try XlingBinary.run(["inspect", "tower"], in: folder.path)
    #expect(result.status == 0)
    for words in ["1_Pooling/config.json", "pooled: mean", "cut to 12 tokens", "\"query: \""] {
      #expect(result.stdout.contains(words), "\(words)")
    }
    let json = try Parsed.object(
      try XlingBinary.run(["inspect", "--json", "tower"], in: folder.path).stdout)
    let told = try #require(json["declarations"] as? [[String: String]])
    #expect(told.contains { $0["key"] == "max_seq_length" && $0["value"] == "12" })
  }
}
