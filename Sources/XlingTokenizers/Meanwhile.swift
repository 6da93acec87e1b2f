import Dispatch

/// A value that another thread computes while its owner does something else.
final class Meanwhile<Value: Sendable>: @unchecked Sendable {
  private let group = DispatchGroup()
  /// Written before the group is left, read after it is waited for.
  private var result: Value?

  init(_ body: @escaping @Sendable () -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) { self.result = body() }
  }

  /// Waits where it is not there yet.
  var value: Value {
    group.wait()
    guard let result else { preconditionFailure("the group is left with a result") }
    return result
  }
}
