import ArgumentParser

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "What is kept beside a store so that it is not computed again.",
    discussion: """
      Embeddings of evaluations, vectors of frozen towers, and the states that enter the lowest trained \
      layer. None of it changes a result: whoever removes it loses time.
      """,
    subcommands: [CacheListCommand.self, CacheVerifyCommand.self, CachePruneCommand.self])
}
