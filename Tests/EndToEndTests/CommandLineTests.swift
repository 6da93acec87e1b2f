import Testing

@Suite("the command line itself")
struct CommandLineTests {
  @Test func versionIsOneLineOnStdout() throws {
    let result = try XlingBinary.run(["--version"])
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    let parts = result.stdout.dropLast().split(separator: ".", omittingEmptySubsequences: false)
    #expect(result.stdout.hasSuffix("\n"))
    #expect(parts.count == 3 && parts.allSatisfy { UInt($0) != nil }, "\(result.stdout)")
  }

  @Test func helpGoesToStdoutAndListsExitStatuses() throws {
    let result = try XlingBinary.run(["--help"])
    #expect(result.status == 0)
    #expect(result.stderr.isEmpty)
    #expect(result.stdout.contains("USAGE: xling"))
    #expect(result.stdout.contains("130 interrupted"))
  }

  @Test func noArgumentsShowWhatIsHereAndWhereHelpIs() throws {
    let result = try XlingBinary.run([])
    #expect(result.status == 0)
    #expect(result.stdout.contains("\nhelp     xling --help"))
  }

  @Test func unknownSubcommandSuggestsTheNearest() throws {
    let result = try XlingBinary.run(["hlep"])
    #expect(result.status == 64)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr.hasPrefix("xling: error: 'xling' has no subcommand 'hlep'."))
    #expect(result.stderr.contains("Did you mean 'xling help'?"))
  }

  @Test func unknownSubcommandFarFromAllSuggestsNothing() throws {
    let result = try XlingBinary.run(["qqqqqqqqqqqq"])
    #expect(result.status == 64)
    #expect(!result.stderr.contains("Did you mean"))
    #expect(result.stderr.contains("It has: "))
  }

  @Test func unknownOptionIsAUsageError() throws {
    let result = try XlingBinary.run(["--no-such-option"])
    #expect(result.status == 64)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr.hasPrefix("xling: error: Unknown option '--no-such-option'"))
  }
}
