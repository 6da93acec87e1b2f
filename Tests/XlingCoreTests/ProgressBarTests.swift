import Testing
import XlingCore

@Suite("ProgressBar")
struct ProgressBarTests {
  /// A clock that the test moves and a sink that it reads.
  final class Stage {
    var time = 100.0
    var text = ""

    func bar(_ style: ProgressBar.Style, total: Int, from first: Int = 0) -> ProgressBar {
      ProgressBar(
        "align lwa", total: total, startingAt: first, style: style, now: { self.time },
        write: { self.text += $0 })
    }
  }

  @Test func logLinesComeAtTheIntervalOnly() {
    let stage = Stage()
    var bar = stage.bar(.lines(seconds: 30), total: 100)
    for step in 1...60 {
      stage.time += 1
      bar.advance(to: step, "loss 2.5")
    }
    #expect(
      stage.text == """
        align lwa: 30/100 steps, 1.00 steps/s, loss 2.5, ETA 1:10
        align lwa: 60/100 steps, 1.00 steps/s, loss 2.5, ETA 40 s

        """)
  }

  @Test func finishSaysHowLongItTookOnce() {
    let stage = Stage()
    var bar = stage.bar(.lines(seconds: 30), total: 400)
    stage.time += 2
    bar.finish("loss 1.9")
    bar.finish("loss 1.9")
    #expect(stage.text == "align lwa: 400/400 steps, 200 steps/s, loss 1.9, in 2 s\n")
  }

  @Test func resumedWorkCountsItsRateFromWhereItBegan() {
    let stage = Stage()
    var bar = stage.bar(.lines(seconds: 10), total: 100, from: 50)
    stage.time += 10
    bar.advance(to: 75)
    #expect(stage.text == "align lwa: 75/100 steps, 2.50 steps/s, ETA 10 s\n")
  }

  @Test func terminalLineIsRedrawnInPlaceAndNeverWraps() {
    for columns in [20, 60, 80, 200] {
      let stage = Stage()
      var bar = stage.bar(.bar(columns: columns, color: false), total: 10)
      stage.time += 5
      bar.advance(to: 5)
      #expect(stage.text.hasPrefix("\r") && stage.text.hasSuffix("\u{1b}[K"))
      #expect(stage.text.dropFirst().dropLast(3).count < columns)
      #expect(!stage.text.contains("\u{1b}[3"))
    }
  }

  @Test func terminalIsNotRedrawnEveryStep() {
    let stage = Stage()
    var bar = stage.bar(.bar(columns: 80, color: true), total: 1000)
    for step in 1...1000 {
      stage.time += 0.001
      bar.advance(to: step)
    }
    #expect(stage.text.count(where: { $0 == "\r" }) <= 10)
    #expect(stage.text.contains("\u{1b}[32m"))
  }

  @Test func silentAsksForNoDetail() {
    let stage = Stage()
    var bar = stage.bar(.silent, total: 10)
    var isAsked = false
    bar.advance(
      to: 5,
      {
        isAsked = true
        return "loss"
      }())
    bar.finish()
    #expect(stage.text.isEmpty && !isAsked)
  }

  @Test(arguments: [
    (0.2, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (3599, "59:59"), (7387, "2:03:07"),
    (.infinity, "-"),
  ])
  func duration(_ seconds: Double, _ expected: String) {
    #expect(ProgressBar.duration(seconds) == expected)
  }
}
