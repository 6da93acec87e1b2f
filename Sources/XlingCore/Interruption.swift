import Foundation
import Synchronization

/// Ctrl-C and `kill` as a question that long loops ask between two steps: they then write a
/// checkpoint and end with status 130, and `--resume` goes on from there.
///
/// A command that never calls ``watch()`` keeps the system's behaviour: it ends at once.
public enum Interruption {
  private static let signals = Atomic<Int>(0)

  /// True once SIGINT or SIGTERM came since ``watch()``. Cheap: ask it every step.
  public static var requested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// Takes SIGINT and SIGTERM over. A second signal ends the process at once with status 130:
  /// files are written whole or not at all, so the last checkpoint stays good.
  public static func watch() {
    // The handler may not run the lazy initializer of a global, so it runs here.
    _ = requested
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interruption.note() }
    // Restarted system calls: a read or write under way is none the wiser.
    action.sa_flags = SA_RESTART
    sigemptyset(&action.sa_mask)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    // A parent may have blocked them, and children inherit that.
    var both = sigset_t()
    sigemptyset(&both)
    sigaddset(&both, SIGINT)
    sigaddset(&both, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &both, nil)
  }

  /// Runs inside the signal handler: atomics, `write` and `_exit` only.
  private static func note() {
    let count = signals.wrappingAdd(1, ordering: .relaxed).newValue
    if count > 1 { _exit(ExitStatus.interrupted.rawValue) }
  }

  /// Gives the signals back to the system and forgets those that came.
  public static func unwatch() {
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
    signals.store(0, ordering: .relaxed)
  }

  /// Throws ``InterruptionFailure/interrupted(work:resume:)`` when asked to stop: for loops with
  /// nothing to save. Others ask ``requested``, save, then throw it themselves.
  /// Without `resume`, the command that is running goes on when it is given again.
  public static func check(
    _ work: @autoclosure () -> String, resume: @autoclosure () -> String = ShellWords.thisCommand()
  ) throws(InterruptionFailure) {
    if requested { throw .interrupted(work: work(), resume: resume()) }
  }
}

/// Work that stopped because the user asked for it.
public enum InterruptionFailure: Failure, Equatable {
  /// `work` was stopped (say how far it came); `resume` is the command that goes on.
  case interrupted(work: String, resume: String)

  public var exitStatus: ExitStatus { .interrupted }

  public var description: String {
    switch self {
    case .interrupted(let work, let resume): "interrupted: \(work). To go on: \(resume)"
    }
  }
}
