import Foundation
import Testing
import XlingCore

@Suite struct ShellWordsTests {
  @Test func plainWordsNeedNoQuotes() {
    let command = ShellWords.command([
      "xling", "eval", "runs/lwa-1", "--data=x", "größe", "a b", "",
    ])
    #expect(command == "xling eval runs/lwa-1 --data=x größe 'a b' ''")
  }

  /// What bash makes of the words is what went in.
  @Test(arguments: [
    "it's", "a $HOME `x` \\ \"y\"", "line\nbreak", "\u{1B}[31m'\u{202E}\\", "*?[a]", "~", "#", "!",
  ])
  func bashReadsThemBack(word: String) throws {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = ["-c", ShellWords.command(["printf", "%s", word])]
    let output = Pipe()
    shell.standardOutput = output
    try shell.run()
    let read = output.fileHandleForReading.readDataToEndOfFile()
    shell.waitUntilExit()
    #expect(read == Data(word.utf8))
    let quoted = ShellWords.quoted(word)
    #expect(TerminalText.visible(quoted) == quoted)
  }
}
