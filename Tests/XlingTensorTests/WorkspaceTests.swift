import Testing

@testable import XlingTensor

@Suite("memory of a step")
struct WorkspaceTests {
  /// Rows of one float, 64 bytes each.
  private func take(_ workspace: Workspace, _ sizes: [Int]) -> [Matrix] {
    sizes.map { workspace.take($0, 16) }
  }

  @Test func blocksBecomeOneBetweenSteps() {
    let workspace = Workspace(blockBytes: 1_024)
    let sizes = [3, 14, 9, 20, 2, 15]
    _ = take(workspace, sizes)
    let most = workspace.peak
    #expect(most == 64 * sizes.reduce(0, +))
    workspace.reset()
    // One behind the other, without gaps, in whatever order.
    for order in [sizes, sizes.reversed(), sizes.sorted()] {
      let taken = take(workspace, order)
      for (one, next) in zip(taken, taken.dropFirst()) {
        #expect(one.pointer + one.rows * 16 == next.pointer)
      }
      workspace.reset()
    }
    #expect(workspace.peak == most)
    // More than there ever was: what was taken stays where it is.
    let first = workspace.take(60, 16)
    first.fill(7)
    let second = workspace.take(60, 16)
    second.fill(1)
    #expect(first.array().allSatisfy { $0 == 7 } && second.array().allSatisfy { $0 == 1 })
  }

  @Test func aScopeGivesBackWhatItTook() {
    let workspace = Workspace(blockBytes: 4_096)
    let kept = workspace.take(1, 16)
    let (inner, passed) = workspace.scope {
      (workspace.take(2, 16).pointer, workspace.passing.take(3, 16).pointer)
    }
    #expect(workspace.take(1, 16).pointer == inner && inner == kept.pointer + 16)
    #expect(workspace.passing.take(1, 16).pointer == passed)
    let next = workspace.passing.mark()
    workspace.scope { _ = workspace.passing.take(5, 16) }
    #expect(workspace.passing.take(1, 16).pointer == passed + 16)
    workspace.passing.release(to: next)
  }
}
