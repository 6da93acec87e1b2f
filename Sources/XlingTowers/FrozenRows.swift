import XlingTensor

/// What is frozen computes the same for a picture or caption in every step and every run, and is kept: its
/// rows have the same bits in any batch.
enum FrozenRows {
  /// `body` under ``Matmul/keepsRowsAlike`` where something is frozen, else as its caller has it.
  static func alike<Result>(_ isFrozen: Bool, _ body: () -> Result) -> Result {
    isFrozen ? Matmul.$keepsRowsAlike.withValue(true, operation: body) : body()
  }
}
