import Foundation
import Testing

/// What arrives of a result, and how names from files look in it.
@Suite("output and arguments")
struct OutputTests {
  @Test(arguments: [["--help"], ["--version"], ["methods"], ["help", "align"]])
  func whatCannotBeWrittenIsAnError(arguments: [String]) throws {
    let full = try XlingBinary.run(arguments, shell: "exec >/dev/full")
    #expect(full.status == 74, "\(full.stderr)")
    #expect(full.stderr.contains("cannot write standard output: No space left on device"))
    let closed = try XlingBinary.run(arguments, shell: "exec >&-")
    #expect(closed.status == 74, "\(closed.stderr)")
    #expect(closed.stderr.contains("standard output: it is closed"))
  }

  /// Files that a command opens never take the number of a stream that was closed.
  @Test func aClosedStreamIsNoFile() throws {
    let bench = try Bench()
    let result = try bench.xling(
      bench.align("lwa", "run", ["--steps", "1"]), shell: "exec <&- >&-")
    #expect(result.status == 74, "\(result.stderr)")
    #expect(try bench.xling(["show", "run"]).status == 0)
  }

  @Test(arguments: [
    (["help", "wrong"], "'xling' has no subcommand 'wrong'"),
    (["help", "algin"], "Did you mean 'xling align'?"),
    (["help", "tokenizer", "trian"], "Did you mean 'xling tokenizer train'?"),
    (["help", "align", "more"], "'xling align' has no subcommands, found 'more'"),
  ])
  func helpOfNothingIsAnError(arguments: [String], words: String) throws {
    let result = try XlingBinary.run(arguments)
    #expect(result.status == 64)
    #expect(result.stderr.contains(words), "\(result.stderr)")
  }

  /// Ranges are told before anything is read: the data named here is nowhere.
  @Test(arguments: [
    ["align", "--method", "lwa", "--data", "none", "--epochs"],
    ["align", "--method", "lwa", "--data", "none", "--batch-size"],
    ["align", "--method", "lwa", "--data", "none", "--clip"],
    ["align", "--method", "lwa", "--data", "none", "--rate"],
    ["eval", "none", "--data", "none", "--lang", "en", "--resamples"],
    ["eval", "none", "--data", "none", "--lang", "en", "--trec-depth"],
    ["gap", "none", "--data", "none", "--lang", "en", "-k"],
    ["tokenize", "--tokenizer", "none", "--threads"], ["data", "build", "scenes", "--train"],
    ["interpolate", "none", "--output", "none", "--text"],
    ["tokenizer", "train", "bpe", "--output", "none", "--character-coverage"],
  ])
  func numbersBeyondTheirRange(arguments: [String]) throws {
    for number in ["9223372036854775807", "-1", "nan", "inf", "1e400"] {
      let option = arguments[arguments.count - 1]
      let result = try XlingBinary.run(arguments.dropLast() + ["\(option)=\(number)"])
      #expect(result.status == 64, "\(option) \(number): \(result.stderr)")
      #expect(result.stderr.contains("\(option) must be "), "\(result.stderr)")
    }
  }

  @Test func argumentsThatAreNoUTF8AreRefused() throws {
    let result = try XlingBinary.run(
      ["data", "build", "emoji"], shell: "set -- \"$@\" --output $'new\\xff'")
    #expect(result.status == 64)
    #expect(
      result.stderr == "xling: error: argument 5 is not UTF-8: new\\xFF. Rename the file or "
        + "folder, or choose a name in UTF-8.\n")
  }

  @Test func namesCannotSteerTheTerminal() throws {
    let bench = try Bench()
    let run = "\u{1B}[2J\u{202E}|\nrow & %"
    #expect(try bench.xling(bench.align("lwa", run, ["--steps", "1"])).status == 0)
    for format in ["markdown", "latex", "csv", "mteb"] {
      let result = try bench.xling(
        ["eval", run, "--data", "scenes", "--lang", "en", "--format", format])
      #expect(result.status == 0, "\(result.stderr)")
      let shown = (result.stdout + result.stderr).unicodeScalars
      #expect(!shown.contains("\u{1B}") && !shown.contains("\u{202E}"), "\(format)")
    }
    let missing = try bench.xling(["show", "no\u{1B}[31m"])
    #expect(missing.stderr.contains("no\\u{1B}[31m"))
    let option = try bench.xling(["runs", "--no\u{9B}"])
    #expect(option.stderr.contains("'--no\\u{9B}'"))
  }

  @Test func aFolderForAFileIsNamed() throws {
    let bench = try Bench()
    let result = try bench.xling(["tokenize", "--tokenizer", "text", "text"])
    #expect(result.status == 74)
    #expect(result.stderr.contains("cannot read text: it is a folder, not a file"))
  }
}
