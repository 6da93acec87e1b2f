import Foundation
import XlingStudies

/// Where a study keeps what it makes.
public struct StudyPlace: Sendable, Equatable {
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// `output`, or `runs/studies/NAME`; of a shard or an array's task a folder in it, with its own store.
  public init(_ design: StudyDesign, output: String?, part: String? = nil) {
    let whole = output ?? "runs/studies/\(design.name)"
    folder = part.map { "\(whole)/\($0)" } ?? whole
  }

  public var store: String { folder + "/study.sqlite" }
  /// Of runs and results, as `xling align` and `xling eval` write it.
  public var results: String { folder + "/xling.sqlite" }
  public var page: String { folder + "/report.html" }

  public func run(_ hash: String) -> String {
    folder + "/runs/" + hash.prefix(StudyCell.shortLength)
  }

  /// Of a text tower that the study makes.
  public func tower(_ hash: String) -> String {
    folder + "/towers/" + hash.prefix(StudyCell.shortLength)
  }

  /// Stores of shards and tasks below.
  public var parts: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)/study.sqlite" }
      .filter { FileManager.default.fileExists(atPath: $0) }
  }
}
