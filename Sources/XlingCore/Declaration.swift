/// One thing that a folder of a tower, a tokenizer or a dataset says about how it is to be used, and
/// what was done with it: a declaration is honoured or refused, never passed over in silence.
public struct Declaration: Sendable, Equatable, Codable {
  /// Relative to the folder.
  public let file: String
  /// As the file has it; dots lead into nested objects.
  public let key: String
  public let value: String
  /// What was made of it, in a few words.
  public let use: String

  public init(file: String, key: String, value: String, use: String) {
    self.file = file
    self.key = key
    self.value = value
    self.use = use
  }
}
