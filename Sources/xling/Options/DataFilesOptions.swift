import ArgumentParser
import XlingData

/// Where the files of a dataset lie, beside its name.
struct DataFilesOptions: ParsableArguments {
  @Option(help: "The folder with the files of a published test set (default: in data/).")
  var root: String?

  @OptionGroup var links: LinkOptions

  /// Names of the options that were given.
  var given: [String] {
    GivenOptions.names([("--root", root != nil), ("--follow-links", links.followLinks)])
  }

  func source(_ name: String) -> DataSource {
    DataSource(name, root: root, followsLinks: links.followLinks)
  }
}

/// For datasets of one's own.
struct LinkOptions: ParsableArguments {
  @Flag(
    help: "Follow links to pictures outside of the dataset's folder: only where they are your own.")
  var followLinks = false
}
