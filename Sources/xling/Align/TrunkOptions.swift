import ArgumentParser
import XlingCore
import XlingExperiments
import XlingRuns

/// What an alignment keeps of frozen layers. Nothing here changes a bit of what is trained.
struct TrunkOptions: ParsableArguments {
  @Flag(
    help: """
      Keep what layers below the first trained one compute, whatever it takes, and refuse where that changes \
      from step to step. Without it is kept what is seen more than twice and fits.
      """)
  var cacheTrunk = false

  @Option(
    help: ArgumentHelp(
      """
      What all such states beside the store may take before no more are made unasked (default: \
      \(CacheLimit.variable), else 20GB).
      """, valueName: "size"), transform: bytes)
  var cacheLimit: Int?

  @Flag(
    help: """
      Keep no vectors and states of frozen layers beside the store, and take none: the same bits, slower.
      """)
  var noCache = false

  func validate() throws {
    if noCache, cacheTrunk || cacheLimit != nil {
      throw ValidationError("--no-cache leaves nothing for --cache-trunk and --cache-limit to do")
    }
  }

  var wish: TrunkWish { TrunkWish(isForced: cacheTrunk, limit: cacheLimit) }

  @Sendable static func bytes(_ text: String) throws -> Int {
    guard let bytes = ByteSize.bytes(text) else {
      throw ValidationError("'\(text)' is no size; expected one such as 20GB or 500MB")
    }
    return bytes
  }
}
