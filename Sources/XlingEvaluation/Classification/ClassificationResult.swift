import XlingRetrieval

/// Zero-shot classification by one model in one language.
public struct ClassificationResult: Sendable {
  public struct Accuracy: Sendable, Equatable {
    /// Places that count as found.
    public let k: Int
    public let estimate: Estimate
  }

  /// Classes that one name stands for.
  public struct SharedName: Sendable, Equatable {
    public let name: String
    public let classes: [String]
  }

  public let language: String
  /// Classes among which a picture's is looked for.
  public let classes: Int
  /// Classes without a name in the language, which are left out with their pictures.
  public let leftOut: [String]
  /// Names that several classes have; classes that share all of theirs tie.
  public let sharedNames: [SharedName]
  /// Sentences of each name.
  public let templates: Int
  /// Top-1, and top-5 where there are more than five classes. Ties count against the system.
  public let accuracies: [Accuracy]
  /// Pictures whose class has the very score of another one.
  public let ties: Int
  /// SHA-256 of pictures, names, prompts, preprocessing, tokenizer, and bootstrap.
  public let protocolHash: String
}
