import Foundation

/// How far long work has come, on stderr: one line redrawn in place on a terminal, else a line of
/// log every 30 seconds. `NO_COLOR` (no-color.org) and `TERM=dumb` are respected.
///
///     var bar = ProgressBar("align lwa", total: 600, unit: "steps")
///     bar.advance(to: step, "loss 2.310")
///     bar.finish("loss 1.902")
public struct ProgressBar {
  public enum Style: Equatable, Sendable {
    /// A terminal of this many columns.
    case bar(columns: Int, color: Bool)
    /// A log: a line when so many seconds have passed since the last.
    case lines(seconds: Double)
    case silent

    /// What stderr is.
    public static func ofStandardError() -> Style {
      let environment = ProcessInfo.processInfo.environment
      guard isatty(STDERR_FILENO) == 1, environment["TERM"] != "dumb" else {
        return .lines(seconds: 30)
      }
      var size = winsize()
      let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return .bar(
        columns: known ? Int(size.ws_col) : 80, color: (environment["NO_COLOR"] ?? "").isEmpty)
    }
  }

  private let label: String
  private let total: Int
  private let first: Int
  private let unit: String
  private let style: Style
  private let now: () -> Double
  private let write: (String) -> Void
  private let began: Double
  private var drawn: Double
  private var isFinished = false

  /// Redrawing more often than this only flickers.
  private static let redrawSeconds = 0.1

  /// - Parameters:
  ///   - first: where resumed work begins; the rate counts from there.
  ///   - now: seconds on a clock that never goes back; tests bring their own, and their own `write`.
  public init(
    _ label: String, total: Int, startingAt first: Int = 0, unit: String = "steps",
    style: Style = .ofStandardError(), now: @escaping () -> Double = ProgressBar.uptime,
    write: @escaping (String) -> Void = ProgressBar.draw
  ) {
    // Names of runs and datasets: a control character would break the line that is redrawn.
    self.label = TerminalText.visible(label)
    (self.total, self.first, self.unit, self.style) = (total, first, unit, style)
    (self.now, self.write) = (now, write)
    began = now()
    drawn = -.infinity
    if case .lines = style { drawn = began }
  }

  /// `done` of `total` are done; `detail` (a loss, a language) is only evaluated when it is shown. `remaining`:
  /// seconds, where they are known better than from the rate so far.
  public mutating func advance(
    to done: Int, _ detail: @autoclosure () -> String = "", remaining: Double? = nil
  ) {
    let time = now()
    switch style {
    case .silent: return
    case .bar: guard time - drawn >= Self.redrawSeconds else { return }
    case .lines(let seconds): guard time - drawn >= seconds else { return }
    }
    drawn = time
    show(done, detail(), at: time, isLast: false, remaining)
  }

  /// The last state, which stays to be read. Harmless when called again.
  public mutating func finish(at done: Int? = nil, _ detail: String = "") {
    guard !isFinished, style != .silent else { return }
    isFinished = true
    show(done ?? total, detail, at: now(), isLast: true)
  }

  private func show(
    _ done: Int, _ detail: String, at time: Double, isLast: Bool, _ known: Double? = nil
  ) {
    let elapsed = max(time - began, 1e-9)
    let rate = Double(done - first) / elapsed
    let remaining = known ?? (rate > 0 ? Double(max(total - done, 0)) / rate : .infinity)
    let clock =
      isLast ? "in \(Self.duration(elapsed))" : "ETA \(Self.duration(remaining))"
    let facts = [
      "\(done)/\(total) \(unit)", Self.rate(rate, unit), TerminalText.visible(detail), clock,
    ]
    .filter { !$0.isEmpty }.joined(separator: ", ")
    switch style {
    case .silent: return
    case .lines: write("\(label): \(facts)\n")
    case .bar(let columns, let color):
      let text = bar(done, facts, columns: columns, color: color)
      // Return, then erase to the end of the line: the former text may be longer.
      write("\r\(text)\u{1b}[K" + (isLast ? "\n" : ""))
    }
  }

  /// `label [####----] facts`, cut to the terminal's width so that it never wraps.
  private func bar(_ done: Int, _ facts: String, columns: Int, color: Bool) -> String {
    let width = min(30, columns - label.count - facts.count - 5)
    guard width >= 5 else { return String("\(label): \(facts)".prefix(max(columns - 1, 0))) }
    let share = total > 0 ? Double(min(max(done, 0), total)) / Double(total) : 1
    let full = Int(share * Double(width))
    let filled = String(repeating: "#", count: full)
    let empty = String(repeating: "-", count: width - full)
    let drawing = color ? "\u{1b}[32m\(filled)\u{1b}[2;39m\(empty)\u{1b}[0m" : filled + empty
    return "\(label) [\(drawing)] \(facts)"
  }

  /// Three significant digits or so: `0.41 steps/s`, `12.3 steps/s`, `1234 steps/s`.
  private static func rate(_ rate: Double, _ unit: String) -> String {
    let digits = rate >= 100 ? 0 : rate >= 10 ? 1 : 2
    return String(format: "%.\(digits)f", rate) + " \(unit)/s"
  }

  /// `42 s`, `3:07`, `2:03:07`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "-" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest)
      : String(format: "%d:%02d", minutes, rest)
  }

  /// Seconds of the monotonic clock.
  public static func uptime() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) / 1e9
  }

  /// A message. What it quotes of files and arguments cannot steer the terminal.
  public static func toStandardError(_ text: String) {
    draw(TerminalText.visible(text, keepingLines: true))
  }

  /// Unbuffered; a closed stderr is no reason to stop.
  public static func draw(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
