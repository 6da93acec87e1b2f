/// The pre-tokenizer of a tokenizer.json, for models other than WordPiece.
struct JSONCuts {
  private(set) var steps: [CuttingStep] = []
  /// Whether the model's pieces are written by bytes.
  private(set) var hasBytes = false
  private let json: TokenizerJSON

  private static let mark = "\u{2581}"

  /// Throws ``TokenizerFailure`` naming what cannot be followed.
  init(_ json: TokenizerJSON) throws(TokenizerFailure) {
    self.json = json
    let root = json.root["pre_tokenizer"] ?? .null
    for step in try json.steps(root, "pretokenizers") {
      if hasBytes { throw refuse("a step behind ByteLevel") }
      try read(step)
    }
  }

  private func refuse(_ found: String) -> TokenizerFailure {
    json.unsupported(
      "pre_tokenizer", found,
      "ByteLevel (last), Metaspace, WhitespaceSplit, Split at a text or by the expressions of GPT-2, "
        + "Llama 3, Qwen 2 and CLIP, and BertPreTokenizer for WordPiece")
  }

  private func flag(
    _ step: JSONNode, _ key: String, default: Bool
  ) throws(TokenizerFailure) -> Bool {
    switch step[key] {
    case nil: return `default`
    case .bool(let value): return value
    case .some(let other): throw json.bad("pre_tokenizer.\(key)", "true or false", other)
    }
  }

  private mutating func read(_ step: JSONNode) throws(TokenizerFailure) {
    switch step["type"]?.text {
    case "WhitespaceSplit": steps.append(.whiteSpace)
    case "Metaspace": try readMetaspace(step)
    case "Split": try readSplit(step)
    case "ByteLevel":
      let isDeclared = try flag(step, "add_prefix_space", default: true)
      if json.overrides.spaceAhead ?? isDeclared { steps.append(.spaceAhead) }
      if try flag(step, "use_regex", default: true) { steps.append(.pattern(.gpt2)) }
      hasBytes = true
    default: throw refuse(step["type"]?.kind ?? step.kind)
    }
  }

  private mutating func readMetaspace(_ step: JSONNode) throws(TokenizerFailure) {
    guard step["replacement"]?.text == Self.mark else {
      throw json.unsupported(
        "pre_tokenizer.replacement", step["replacement"]?.kind ?? "none", "\"\(Self.mark)\"")
    }
    let hasPrefix = try flag(step, "add_prefix_space", default: true)
    var prefix = hasPrefix ? MetaspacePrefix.always : .never
    if let scheme = step["prepend_scheme"], scheme != .null {
      guard let known = scheme.text.flatMap(MetaspacePrefix.init) else {
        throw json.unsupported(
          "pre_tokenizer.prepend_scheme", scheme.kind, "always, first, never")
      }
      if step["add_prefix_space"] == .bool(false), known != .never {
        throw json.bad(
          "pre_tokenizer.add_prefix_space", "true beside that prepend_scheme", .bool(false))
      }
      prefix = known
    }
    steps.append(.metaspace(prefix: prefix, splits: try flag(step, "split", default: true)))
  }

  private mutating func readSplit(_ step: JSONNode) throws(TokenizerFailure) {
    let behavior = step["behavior"]?.text ?? "none"
    let isInverted = try flag(step, "invert", default: false)
    if case .string(let text) = step["pattern"]?["String"], !text.isEmpty {
      guard behavior == "MergedWithPrevious", !isInverted else {
        throw refuse("Split at a text with behavior \(behavior)")
      }
      steps.append(.behind(text))
      return
    }
    guard let expression = step["pattern"]?["Regex"]?.text else {
      throw json.bad("pre_tokenizer.pattern", "a String or a Regex", step["pattern"])
    }
    guard let pattern = WordPattern(expression: expression) else {
      throw refuse("Split by the expression \"\(expression)\"")
    }
    // Only CLIP's leaves anything between its matches.
    let keepsMatches = behavior == "Removed" && isInverted
    let keepsAll = behavior == "Isolated" && !isInverted
    if case .clip = pattern, !keepsMatches {
      throw refuse("CLIP's Split with behavior \(behavior)")
    }
    guard keepsMatches || keepsAll else { throw refuse("Split with behavior \(behavior)") }
    steps.append(.pattern(pattern))
  }
}
