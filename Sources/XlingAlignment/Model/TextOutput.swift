import XlingCore
import XlingTowers

/// How a run makes vectors of its text tower's hidden states. Runs without it take the family's own way:
/// `[CLS]`, of T5 the mean, and nothing behind it.
public struct TextOutput: Codable, Sendable, Equatable {
  /// What becomes of the dense layers behind the pooling of the tower's folder.
  public enum Head: String, Codable, Sendable, CaseIterable {
    /// Trained where the method's rules for the tower train them: `full` does.
    case method
    case locked
    case trained
    /// Left out, and normalization with them.
    case none
  }

  public var pooling: TextPooling
  public var head: Head
  /// Tokens of the prompt that the pooling leaves out; nil: none.
  public var promptTokens: Int?
  /// SHA-256 of the weights of dense layers in folders of their own; nil where there are none.
  public var headHash: String?

  public init(_ pooling: TextPooling, head: Head = .method) {
    self.pooling = pooling
    self.head = head
  }

  /// "mean", or "cls, then the folder's head, locked".
  public var description: String {
    let behind =
      switch head {
      case .method: ", then what the folder has behind it, trained as the method says"
      case .locked: ", then what the folder has behind it, locked"
      case .trained: ", then what the folder has behind it, trained"
      case .none: ", nothing behind it"
      }
    return pooling.description + behind
  }
}
