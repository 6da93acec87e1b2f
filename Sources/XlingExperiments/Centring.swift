import Foundation

/// What was taken from the caption vectors of a language: the mean embedding of unpaired sentences in it.
/// Results that were made so are no longer results of the language of alignment alone.
public struct Centring: Sendable, Equatable {
  /// The dataset's code.
  public let language: String
  public let sentences: Int
  /// Twelve digits of the SHA-256 of the sentences.
  public let hash: String

  public init(language: String, sentences: Int, hash: String) {
    self.language = language
    self.sentences = sentences
    self.hash = String(hash.prefix(12))
  }

  /// "by the mean of 500 sentences 1a2b3c4d5e6f"
  public var words: String { "by the mean of \(sentences) sentences \(hash)" }

  private static let mark = "; centred: "
  private static let between = " by the mean of "

  /// As a protocol's captions end; nothing without languages.
  public static func words(_ centred: [Centring]) -> String {
    guard !centred.isEmpty else { return "" }
    let all = centred.sorted { $0.language < $1.language }.map { "\($0.language) \($0.words)" }
    return mark + all.joined(separator: ", ")
  }

  /// What ``words(_:)`` says at the end of `captions`.
  static func read(_ captions: String) -> [Centring] {
    guard let at = captions.range(of: mark, options: .backwards) else { return [] }
    return captions[at.upperBound...].components(separatedBy: ", ").compactMap { part in
      guard let middle = part.range(of: between) else { return nil }
      let counted = part[middle.upperBound...].split(separator: " ")
      guard counted.count == 3, let sentences = Int(counted[0]), counted[1] == "sentences" else {
        return nil
      }
      return Centring(
        language: String(part[..<middle.lowerBound]), sentences: sentences,
        hash: String(counted[2]))
    }
  }
}

extension EvaluationProtocol {
  /// Languages whose captions were centred.
  public var centred: [Centring] { Centring.read(captions) }

  /// What a result of a language has to say of it, of means over languages all; nil where nothing was
  /// centred.
  public func centring(of language: String) -> String? {
    let own = centred.filter { $0.language == language }
    if let one = own.first { return one.words }
    guard language == "mean", !centred.isEmpty else { return nil }
    return centred.map { "\($0.language) \($0.words)" }.joined(separator: ", ")
  }
}
