import Dispatch

/// A value that another thread computes while its owner does something else. The work never outlives
/// the owner, an error's way out included: it may use what the owner holds, and a process that ends
/// while another thread hashes takes the library's tables away under it.
public final class Meanwhile<Value: Sendable>: Sendable {
  private let group = DispatchGroup()
  private let result = Slot()

  /// Written before the group is left, read after it is waited for. Apart from the owner, which must
  /// be free to go, and then waits.
  private final class Slot: @unchecked Sendable { var value: Value? }

  public init(_ body: @escaping @Sendable () -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) { [result] in
      result.value = body()
    }
  }

  /// Waits where it is not there yet.
  public var value: Value {
    group.wait()
    guard let value = result.value else { preconditionFailure("the group is left with a result") }
    return value
  }

  deinit { group.wait() }
}
