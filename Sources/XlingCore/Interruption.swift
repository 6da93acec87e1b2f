import Foundation
import Synchronization

/// Ctrl-C, `kill` and a closed terminal as a question that long loops ask between two steps: they then write a
/// checkpoint and end with status 130, and `--resume` goes on from there.
///
/// A command that never calls ``watch()`` keeps the system's behaviour: it ends at once.
public enum Interruption {
  private static let signals = Atomic<Int>(0)

  /// Whether SIGHUP came, which is never a user's impatience: a closed terminal sends it twice, and an
  /// init system behind SIGTERM.
  private static let hangUp = Atomic<Bool>(false)

  /// True once SIGINT, SIGTERM or SIGHUP came since ``watch()``. Cheap: ask it every step.
  public static var requested: Bool {
    signals.load(ordering: .relaxed) > 0 || hangUp.load(ordering: .relaxed)
  }

  /// Besides ``watch()``: SIGUSR1, which schedulers send some time before they end a job
  /// (`sbatch --signal=USR1@60`), asks as SIGTERM does.
  public static func watchUserSignal() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in
      Interruption.hangUp.store(true, ordering: .relaxed)
    }
    action.sa_flags = SA_RESTART
    sigemptyset(&action.sa_mask)
    sigaction(SIGUSR1, &action, nil)
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    sigaddset(&unblocked, SIGUSR1)
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// Takes SIGINT and SIGTERM over, and SIGHUP unless it is ignored, as under nohup. A second SIGINT
  /// or SIGTERM ends the process at once with status 130: files are written whole or not at all, so
  /// the last checkpoint stays good.
  public static func watch() {
    // The handler may not run the lazy initializer of a global, so it runs here.
    _ = requested
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { Interruption.note($0) }
    // Restarted system calls: a read or write under way is none the wiser.
    action.sa_flags = SA_RESTART
    sigemptyset(&action.sa_mask)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    var before = sigaction()
    sigaction(SIGHUP, nil, &before)
    // SIG_IGN is the address 1, which Swift cannot compare as a function.
    let isIgnored = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
    if !isIgnored { sigaction(SIGHUP, &action, nil) }
    // A parent may have blocked them, and children inherit that.
    var all = sigset_t()
    sigemptyset(&all)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&all, number) }
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
  }

  /// Runs inside the signal handler: atomics, `write` and `_exit` only.
  private static func note(_ number: Int32) {
    if number == SIGHUP {
      hangUp.store(true, ordering: .relaxed)
      return
    }
    let count = signals.wrappingAdd(1, ordering: .relaxed).newValue
    if count > 1 { _exit(ExitStatus.interrupted.rawValue) }
  }

  /// Gives the signals back to the system and forgets those that came.
  public static func unwatch() {
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
    signal(SIGUSR1, SIG_DFL)
    signals.store(0, ordering: .relaxed)
    hangUp.store(false, ordering: .relaxed)
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
