import XlingData
import XlingJobs

extension DataSource {
  /// The dataset; what it calls languages otherwise is told on stderr. Throws as ``load()``.
  func told() throws -> Dataset {
    let (dataset, spellings) = try load()
    if !spellings.isEmpty { Warning.spellings(spellings, of: dataset.folder).tell() }
    return dataset
  }

  /// A folder in the generic layout, told of in the same way. Throws `DataFailure`, `FileFailure`.
  static func folder(_ path: String, _ links: LinkOptions) throws -> Dataset {
    let dataset = try Dataset.load(path, followingLinks: links.followLinks)
    if !dataset.spellings.isEmpty { Warning.spellings(dataset.spellings, of: path).tell() }
    return dataset
  }
}
