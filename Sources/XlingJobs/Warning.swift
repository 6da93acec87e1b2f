/// What a job found and goes on from; commands word it.
public enum Warning: Sendable, Equatable {
  /// A checkpoint holds NaN or infinity in these tensors.
  case nonFinite(path: String, tensors: [String])
  /// Codes of a dataset that are other spellings of ours, by theirs.
  case spellings([String: String], of: String)
  /// Pictures that a policy let pass, decoded as far as they go.
  case damaged([DamagedPicture])
}

/// A picture that is not whole.
public struct DamagedPicture: Sendable, Equatable {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}
