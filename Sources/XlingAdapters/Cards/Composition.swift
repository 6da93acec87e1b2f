/// One tower's part as the command line writes it: "lwa+layernorm", "locked", "random+all".
public enum Composition {
  /// Words that stand for a whole side or where it starts.
  private static let whole = ["locked", "full", "random"]

  /// Throws ``AdapterFailure/composition(given:expected:found:)``.
  public static func side(_ text: String) throws(AdapterFailure) -> Recipe.Side {
    var side = Recipe.Side()
    let words = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    for word in words {
      if word == "locked" {
        guard words.count == 1 else {
          throw .composition(
            given: text,
            expected: "\"locked\" alone, or the modules without it: what they do not thaw stays "
              + "locked", found: "both")
        }
      } else if word == "full" {
        side.thaw.append(.all)
      } else if word == "random" {
        // A random tower that does not learn would be noise.
        side.start = .random
        side.thaw.append(.all)
      } else if let module = Recipe.Module(rawValue: word) {
        side.modules.append(module)
      } else if let rule = ThawRule(rawValue: word) {
        side.thaw.append(rule)
      } else {
        throw .composition(
          given: text, expected: "words of \(known) joined by +", found: "\"\(word)\"")
      }
    }
    return side
  }

  static var known: String {
    (whole + ThawRule.plain.map(\.rawValue).filter { $0 != "all" } + ["last-N"]
      + Recipe.Module.allCases.map(\.rawValue)).joined(separator: ", ")
  }

  /// "text:0-3", "image:2" or, for both towers, "0-3": which sides are meant, and the rest.
  public static func sided(_ text: String) -> (text: Bool, image: Bool, value: String) {
    for (prefix, isText) in [("text:", true), ("image:", false)] where text.hasPrefix(prefix) {
      return (isText, !isText, String(text.dropFirst(prefix.count)))
    }
    return (true, true, text)
  }
}
