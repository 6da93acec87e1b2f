/// What a post-processor puts around one text: at most one token ahead of it and one behind.
struct JSONFrame {
  private(set) var start: Int32?
  private(set) var end: Int32?

  /// Throws ``TokenizerFailure``.
  init(_ processor: JSONNode, _ file: String) throws(TokenizerFailure) {
    func refuse(_ found: String) -> TokenizerFailure {
      .unsupported(
        file: file, part: "post_processor", found: found,
        supported: "BertProcessing, RobertaProcessing without trim_offsets, and a "
          + "TemplateProcessing of at most one token on each side of $A")
    }
    if processor == .null { return }
    switch processor["type"]?.text {
    case "BertProcessing": try readPair(processor, refuse)
    case "RobertaProcessing":
      guard processor["trim_offsets"] == .bool(false) else {
        throw refuse("RobertaProcessing with trim_offsets")
      }
      try readPair(processor, refuse)
    case "TemplateProcessing": try readTemplate(processor, refuse)
    default: throw refuse(processor["type"]?.kind ?? processor.kind)
    }
  }

  private mutating func readPair(
    _ processor: JSONNode, _ refuse: (String) -> TokenizerFailure
  ) throws(TokenizerFailure) {
    func id(_ key: String) throws(TokenizerFailure) -> Int32 {
      guard case .array(let pair) = processor[key], pair.count == 2,
        let number = pair[1].integer, let id = Int32(exactly: number), id >= 0
      else { throw refuse("\(key) that is no token and id") }
      return id
    }
    start = try id("cls")
    end = try id("sep")
  }

  private mutating func readTemplate(
    _ processor: JSONNode, _ refuse: (String) -> TokenizerFailure
  ) throws(TokenizerFailure) {
    guard case .array(let parts) = processor["single"] else {
      throw refuse("a template without \"single\"")
    }
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
  }
}
