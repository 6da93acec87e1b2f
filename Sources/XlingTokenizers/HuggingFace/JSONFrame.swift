/// What a post-processor puts around one text, at most one token ahead of it and one behind, and
/// what it does to spans.
struct JSONFrame {
  private(set) var start: Int32?
  private(set) var end: Int32?
  /// For each step that takes white space out of spans: whether the text had a space put ahead.
  private(set) var trims: [Bool] = []
  private let file: String

  /// Throws ``TokenizerFailure``.
  init(_ processor: JSONNode, _ file: String) throws(TokenizerFailure) {
    self.file = file
    try read(processor, depth: 0)
  }

  /// None.
  init(start: Int32? = nil, end: Int32? = nil, trims: [Bool] = []) {
    self.start = start
    self.end = end
    self.trims = trims
    file = ""
  }

  private func refuse(_ found: String) -> TokenizerFailure {
    .unsupported(
      file: file, part: "post_processor", found: found,
      supported:
        "ByteLevel, BertProcessing, RobertaProcessing, a TemplateProcessing of at most one "
        + "token on each side of $A, and a Sequence of them")
  }

  private mutating func read(_ processor: JSONNode, depth: Int) throws(TokenizerFailure) {
    if processor == .null { return }
    switch processor["type"]?.text {
    case "BertProcessing": try readPair(processor)
    case "RobertaProcessing":
      try readPair(processor)
      try readTrim(processor)
    case "ByteLevel": try readTrim(processor)
    case "TemplateProcessing": try readTemplate(processor)
    case "Sequence" where depth < 4:
      guard case .array(let steps) = processor["processors"] else {
        throw refuse("a Sequence without \"processors\"")
      }
      for step in steps { try read(step, depth: depth + 1) }
    default: throw refuse(processor["type"]?.kind ?? processor.kind)
    }
  }

  private mutating func readTrim(_ processor: JSONNode) throws(TokenizerFailure) {
    func flag(_ key: String) throws(TokenizerFailure) -> Bool {
      switch processor[key] {
      case nil: return true
      case .bool(let value): return value
      case .some(let other): throw refuse("\(key) \(other.kind)")
      }
    }
    let hasSpaceAhead = try flag("add_prefix_space")
    if try flag("trim_offsets") { trims.append(hasSpaceAhead) }
  }

  private mutating func take(start: Int32?, end: Int32?) throws(TokenizerFailure) {
    let isSecond = self.start != nil || self.end != nil
    if isSecond, start != nil || end != nil { throw refuse("two frames") }
    if let start { self.start = start }
    if let end { self.end = end }
  }

  private mutating func readPair(_ processor: JSONNode) throws(TokenizerFailure) {
    func id(_ key: String) throws(TokenizerFailure) -> Int32 {
      guard case .array(let pair) = processor[key], pair.count == 2,
        let number = pair[1].integer, let id = Int32(exactly: number), id >= 0
      else { throw refuse("\(key) that is no token and id") }
      return id
    }
    try take(start: id("cls"), end: id("sep"))
  }

  private mutating func readTemplate(_ processor: JSONNode) throws(TokenizerFailure) {
    guard case .array(let parts) = processor["single"] else {
      throw refuse("a template without \"single\"")
    }
    var (start, end): (Int32?, Int32?)
    var isBehind = false
    for part in parts {
      if let sequence = part["Sequence"], sequence["id"]?.text == "A", !isBehind {
        isBehind = true
        continue
      }
      guard let name = part["SpecialToken"]?["id"]?.text,
        case .array(let ids) = processor["special_tokens"]?[name]?["ids"], ids.count == 1,
        let number = ids[0].integer, let id = Int32(exactly: number), id >= 0,
        (isBehind ? end : start) == nil
      else { throw refuse("another template") }
      if isBehind { end = id } else { start = id }
    }
    if !isBehind { throw refuse("a template without $A") }
    try take(start: start, end: end)
  }
}
