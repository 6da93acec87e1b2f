import XlingCore

/// How the last hidden states of a text become one vector, as sentence-transformers (Reimers and Gurevych
/// 2019) calls it: one way, or several side by side in this order.
public struct TextPooling: Codable, Sendable, Equatable {
  public enum Mode: String, Codable, Sendable, CaseIterable {
    /// The first token's state.
    case cls
    /// The largest number of each column.
    case max
    case mean
    /// The sum over the square root of the number of tokens.
    case meanSquareRoot = "mean_sqrt_len_tokens"
    /// The mean in which the n-th token counts n times (Muennighoff 2022).
    case weightedMean = "weightedmean"
    /// The last token's state.
    case last = "lasttoken"
    /// CLIP's: the state at the text's end token, which its configuration names.
    case end = "endtoken"
  }

  /// At least one.
  public var modes: [Mode]
  /// false: the tokens of a prompt, the start token with them, are attended to and left out here.
  public var includesPrompt = true

  public init(_ modes: [Mode], includesPrompt: Bool = true) {
    precondition(!modes.isEmpty, "a vector has a part")
    self.modes = modes
    self.includesPrompt = includesPrompt
  }

  public static let cls = TextPooling([.cls])
  public static let mean = TextPooling([.mean])

  /// Of "mean" or "cls,max"; nil where a name is none.
  public init?(_ text: String) {
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    let modes = names.compactMap { Mode(rawValue: String($0)) }
    guard !modes.isEmpty, modes.count == names.count, Set(modes).count == modes.count else {
      return nil
    }
    self.init(modes)
  }

  /// "mean", or "cls,max without the prompt".
  public var description: String {
    modes.map(\.rawValue).joined(separator: ",") + (includesPrompt ? "" : " without the prompt")
  }

  /// What may be written for it.
  public static let words =
    "one of " + Mode.allCases.map(\.rawValue).joined(separator: ", ")
    + ", or several with commas between"

  enum CodingKeys: String, CodingKey {
    case modes
    case includesPrompt
  }

  /// Throws what decoding throws, also for an empty list.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    modes = try keys.decode([Mode].self, forKey: .modes)
    guard !modes.isEmpty else {
      throw DecodingError.dataCorruptedError(
        forKey: .modes, in: keys, debugDescription: "expected at least one mode")
    }
    try keys.read(.includesPrompt, into: &includesPrompt)
  }
}
