import Foundation
import XlingCore

/// `vocab.json` and `merges.txt` of GPT-2, RoBERTa and CLIP, as the tokenizer.json that transformers
/// makes of them.
struct ByteLevelFiles {
  private let folder: String
  private let declared: FolderDeclarations

  init(_ folder: String, _ declared: FolderDeclarations) {
    self.folder = folder
    self.declared = declared
  }

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  func json() throws -> TokenizerJSON {
    let (vocabularyFile, mergesFile) = (folder + "/vocab.json", folder + "/merges.txt")
    let vocabularyBytes = [UInt8](try AtomicFile.read(vocabularyFile))
    let mergesBytes = [UInt8](try AtomicFile.read(mergesFile))
    let vocabulary = try JSONReader.document(vocabularyBytes, file: vocabularyFile)
    let merges = try Self.merges(mergesBytes, file: mergesFile)
    var members = try parts(vocabulary, vocabularyFile)
    guard let at = members.firstIndex(where: { $0.key.elementsEqual("model".utf8) }),
      case .object(let model) = members[at].value
    else { throw TokenizerFailure.noTokenizer(path: folder, found: "vocab.json") }
    members[at] = .init(
      key: members[at].key,
      value: .object(
        model + [
          .init(key: Array("vocab".utf8), value: vocabulary),
          .init(key: Array("merges".utf8), value: .array(merges)),
        ]))
    let digest = Digest()
    digest.update("byte level \(declared.family.name)\n")
    digest.update(Data(vocabularyBytes))
    digest.update(Data(mergesBytes))
    digest.update(declared.configuration["add_prefix_space"]?.declared ?? "")
    return try TokenizerJSON(
      .object(members), contentHash: digest.hexadecimal(), file: vocabularyFile)
  }

  /// One merge a line, but for the first where it names the version.
  private static func merges(_ bytes: [UInt8], file: String) throws -> [JSONNode] {
    var merges: [JSONNode] = []
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    for (number, line) in lines.enumerated() {
      let line = line.last == 0x0D ? line.dropLast() : line
      if line.starts(with: "#version".utf8) { continue }
      let merge = JSONNode.string(Array(line))
      guard TokenizerJSON.pair(merge) != nil else {
        throw TokenizerFailure.badVocabulary(
          file: file, line: number + 1, expected: "two pieces with a space between",
          found: merge.kind)
      }
      merges.append(merge)
    }
    return merges
  }

  private func parts(_ vocabulary: JSONNode, _ file: String) throws -> [JSONNode.Member] {
    let hasSpaceAhead = try declared.flag("add_prefix_space") ?? false
    let byteLevel =
      #"{"type": "ByteLevel", "add_prefix_space": \#(hasSpaceAhead), "trim_offsets": true}"#
    let text: String
    switch declared.family {
    case .gpt2:
      text = """
        {"added_tokens": [\(try token("<|endoftext|>", vocabulary, file))],
        "normalizer": null, "pre_tokenizer": \(byteLevel),
        "post_processor": {"type": "ByteLevel", "trim_offsets": false}, "model": {"type": "BPE"}}
        """
    case .roberta:
      let (start, end) = (
        declared.token("cls_token") ?? "<s>", declared.token("sep_token") ?? "</s>"
      )
      let names = [start, "<pad>", end, "<unk>"]
      let tokens = try names.map { try token($0, vocabulary, file, isNormalized: true) }
      let mask = try token("<mask>", vocabulary, file, stripsLeft: true)
      text = """
        {"added_tokens": [\((tokens + [mask]).joined(separator: ", "))],
        "normalizer": null, "pre_tokenizer": \(byteLevel),
        "post_processor": {"type": "RobertaProcessing", "sep": \(try pair(end, vocabulary, file)),
        "cls": \(try pair(start, vocabulary, file)), "add_prefix_space": \(hasSpaceAhead),
        "trim_offsets": \(try declared.flag("trim_offsets") ?? true)}, "model": {"type": "BPE"}}
        """
    case .clip: text = try clip(vocabulary, file)
    default:
      throw TokenizerFailure.unknownFamily(
        path: folder, name: "of \(declared.family.name)", found: "vocab.json and merges.txt")
    }
    guard case .object(let members) = try JSONReader.document(Array(text.utf8), file: file) else {
      throw TokenizerFailure.noTokenizer(path: folder, found: "vocab.json")
    }
    return members
  }

  private func clip(_ vocabulary: JSONNode, _ file: String) throws -> String {
    let (start, end) = ("<|startoftext|>", "<|endoftext|>")
    let expression =
      #"<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"#
    let tokens = [
      try token(start, vocabulary, file, isNormalized: true), try token(end, vocabulary, file),
    ]
    return """
      {"added_tokens": [\(tokens.joined(separator: ", "))],
      "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
      {"type": "Replace", "pattern": {"Regex": "\\\\s+"}, "content": " "}, {"type": "Lowercase"}]},
      "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split",
      "pattern": {"Regex": "\(expression)"}, "behavior": "Removed", "invert": true},
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]},
      "post_processor": {"type": "RobertaProcessing", "sep": \(try pair(end, vocabulary, file)),
      "cls": \(try pair(start, vocabulary, file)), "trim_offsets": false, "add_prefix_space": false},
      "model": {"type": "BPE", "unk_token": "\(end)", "end_of_word_suffix": "</w>"}}
      """
  }

  private func id(_ text: String, _ vocabulary: JSONNode, _ file: String) throws -> Int {
    guard let id = vocabulary[text]?.integer else {
      throw TokenizerFailure.badConfiguration(
        file: file, key: text,
        expected: "the id of that token, which the family's texts are framed by",
        found: vocabulary[text]?.kind ?? "nothing")
    }
    return id
  }

  private func token(
    _ text: String, _ vocabulary: JSONNode, _ file: String, stripsLeft: Bool = false,
    isNormalized: Bool = false
  ) throws -> String {
    #"{"id": \#(try id(text, vocabulary, file)), "content": \#(JSONNode.quoted(text)), "#
      + #""lstrip": \#(stripsLeft), "normalized": \#(isNormalized), "special": true}"#
  }

  private func pair(_ text: String, _ vocabulary: JSONNode, _ file: String) throws -> String {
    "[\(JSONNode.quoted(text)), \(try id(text, vocabulary, file))]"
  }
}
