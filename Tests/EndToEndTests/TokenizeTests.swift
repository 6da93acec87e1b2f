import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("tokenize and tokenizer: exact output, clear errors")
struct TokenizeTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.write(
      "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\n##s\ncafé\n\"\n", to: folder.path + "/vocab.txt")
    try AtomicFile.write("Reds \"café\"\r\n\nreds [MASK]\n", to: folder.path + "/lines.txt")
    try AtomicFile.write(
      #"{"id": 1, "text": "reds café"}"# + "\n" + #"{"text": "blue \u00e9"}"# + "\n",
      to: folder.path + "/lines.jsonl")
  }

  private func xling(_ arguments: String..., shell: String? = nil) throws -> XlingBinary.Result {
    try XlingBinary.run(arguments, in: folder.path, shell: shell)
  }

  @Test func linesBecomeTokens() throws {
    let result = try xling("tokenize", "--tokenizer", ".", "--no-lowercase", "lines.txt")
    #expect(result.stdout == "[UNK] \" café \"\n\nred ##s [MASK]\n", "\(result.stderr)")
    let lowercased = try xling(
      "tokenize", "--tokenizer", "vocab.txt", "--lowercase", "--special-tokens", "--max-length",
      "4",
      "lines.txt")
    #expect(lowercased.stdout == "[CLS] red ##s [SEP]\n[CLS] [SEP]\n[CLS] red ##s [SEP]\n")
  }

  @Test func jsonLinesCarryIdsAndOffsets() throws {
    let arguments = ["tokenize", "--tokenizer", ".", "--no-lowercase", "--jsonl", "lines.jsonl"]
    let scalars = try XlingBinary.run(arguments, in: folder.path)
    #expect(
      scalars.stdout == """
        {"tokens": ["red", "##s", "café"], "ids": [5, 6, 7], "offsets": [[0, 3], [3, 4], [5, 9]]}
        {"tokens": ["[UNK]", "[UNK]"], "ids": [1, 1], "offsets": [[0, 4], [5, 6]]}

        """, "\(scalars.stderr)")
    let bytes = try XlingBinary.run(
      arguments + ["--offsets", "bytes", "--threads", "2"], in: folder.path)
    #expect(bytes.stdout.contains("[[0, 3], [3, 4], [5, 10]]"))
    let piped = try xling(
      "tokenize", "--tokenizer", ".", "--no-lowercase", "--jsonl", shell: "exec < lines.jsonl")
    #expect(piped.stdout == scalars.stdout)
  }

  @Test func aBadLineIsNamedBehindWhatWasGood() throws {
    try AtomicFile.write(
      "{\"text\": \"red\"}\n{\"txt\": 1}\n", to: folder.path + "/bad.jsonl")
    let result = try xling("tokenize", "--tokenizer", ".", "--lowercase", "--jsonl", "bad.jsonl")
    #expect(result.status == 65)
    #expect(result.stdout == "{\"tokens\": [\"red\"], \"ids\": [5], \"offsets\": [[0, 3]]}\n")
    #expect(
      result.stderr == "xling: error: bad.jsonl:2: expected an object whose \"text\" is a string, "
        + "found an object. With --jsonl every line is {\"text\": \"…\"}.\n")
  }

  @Test func whatIsMissingIsSaid() throws {
    let undecided = try xling("tokenize", "--tokenizer", "vocab.txt", "lines.txt")
    #expect(undecided.status == 64)
    #expect(undecided.stderr.contains("say --lowercase or --no-lowercase"))
    let absent = try xling("tokenize", "--tokenizer", ".", "--lowercase", "nothing.txt")
    #expect(absent.status == 66)
    #expect(absent.stderr.hasPrefix("xling: error: nothing.txt does not exist."))
    let short = try xling(
      "tokenize", "--tokenizer", ".", "--lowercase", "--special-tokens", "--max-length", "1",
      "lines.txt")
    #expect(short.status == 64)
    #expect(short.stderr.contains("leaves no room for 2 special tokens"))
  }

  @Test func showAndDiffTellWhatATokenizerIs() throws {
    let shown = try xling("tokenizer", "show", ".", "--lowercase", "--json")
    let object = try Parsed.object(shown.stdout)
    #expect(object["type"] as? String == "WordPiece", "\(shown.stderr)")
    #expect(object["size"] as? Int == 9)
    #expect((object["scripts"] as? [String: Int])?["Latin"] == 8)
    #expect(try xling("tokenizer", "show", ".", "--lowercase").stdout.contains("[MASK] (4)"))
    #expect(try xling("tokenizer", "diff", ".", ".", "--lowercase").stdout == "no difference\n")
    try AtomicFile.write(
      "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n##s\nred\nblue\n\"\n", to: folder.path + "/other.txt")
    let changed = try xling("tokenizer", "diff", "vocab.txt", "other.txt", "--lowercase")
    #expect(
      changed.stdout == """
        only in vocab.txt: 1 pieces: café
        only in other.txt: 1 pieces: blue
        in both with another id: 2 pieces: red ##s

        """, "\(changed.stderr)")
  }

  @Test func benchCountsWhatItEncodes() throws {
    let result = try xling(
      "tokenizer", "bench", "--tokenizer", ".", "--lowercase", "--rounds", "1", "--json",
      "lines.txt")
    let object = try Parsed.object(result.stdout)
    #expect(object["tokens"] as? Int == 8, "\(result.stderr)")
    #expect((object["rounds"] as? [Any])?.count == 1)
  }

  @Test(arguments: ["wordpiece", "unigram", "bpe"])
  func trainedTokenizersTokenize(kind: String) throws {
    let text = String(repeating: "a red bicycle and two red dogs on a beach\n", count: 20)
    try AtomicFile.write(text, to: folder.path + "/text.txt")
    let trained = try xling(
      "tokenizer", "train", kind, "text.txt", "--output", "trained", "--size", "100")
    #expect(trained.status == 0, "\(trained.stderr)")
    let result = try xling("tokenize", "--tokenizer", "trained", "text.txt")
    #expect(result.stdout.split(separator: "\n").count == 20, "\(result.stderr)")
    #expect(!result.stdout.contains("unk") && !result.stdout.contains("[UNK]"))
  }
}
