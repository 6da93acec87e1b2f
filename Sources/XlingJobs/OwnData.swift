import Foundation
import XlingCore
import XlingData
import XlingRuns

/// The data that a run was trained on, for whoever names none: taken only where nothing has to be guessed.
public enum OwnData {
  /// Where they lie. Throws ``OwnDataFailure``, and what reading the run's record throws.
  public static func source(ofRun run: String) throws -> DataSource {
    guard let folder = try RunFolder(run).record().trainingFolder else {
      throw OwnDataFailure.notRecorded(run: run)
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      throw OwnDataFailure.gone(run: run, folder: folder)
    }
    return DataSource(shortened(folder))
  }

  /// What a folder is called, nil where it is not there any more.
  public static func name(of folder: String) -> String? {
    FileManager.default.fileExists(atPath: folder) ? shortened(folder) : nil
  }

  /// Throws ``OwnDataFailure/changed(run:folder:)`` where they are others than the run was trained on.
  public static func check(_ dataset: Dataset, ofRun run: String) throws {
    guard try RunFolder(run).record().identity.isTrained(on: dataset) else {
      throw OwnDataFailure.changed(run: run, folder: dataset.folder)
    }
  }

  /// Test, else val. Throws ``OwnDataFailure/onlyTraining(run:folder:)``.
  public static func split(of dataset: Dataset, ofRun run: String) throws(OwnDataFailure) -> Split {
    for split in [Split.test, .val] where !dataset.items(in: split).isEmpty { return split }
    throw .onlyTraining(run: run, folder: dataset.folder)
  }

  /// As an embedded dataset is called, and from here on where it lies below.
  private static func shortened(_ folder: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    let whole = URL(fileURLWithPath: folder).standardizedFileURL.path
    guard whole.hasPrefix(here) else { return whole }
    let below = String(whole.dropFirst(here.count))
    return EmbeddedDataset.allCases.first { $0.folder == below }?.rawValue ?? below
  }
}

/// Why a run's own data cannot be taken.
public enum OwnDataFailure: Failure, Equatable {
  case notRecorded(run: String)
  case gone(run: String, folder: String)
  case changed(run: String, folder: String)
  case onlyTraining(run: String, folder: String)

  public var exitStatus: ExitStatus {
    if case .changed = self { .badData } else { .missingInput }
  }

  public var description: String {
    switch self {
    case .notRecorded(let run):
      "\(run) does not record where its training data lay: name data by --data"
    case .gone(let run, let folder):
      "the data that \(run) was trained on, \(folder), are not there any more: bring them back, or name "
        + "others by --data"
    case .changed(let run, let folder):
      "\(folder) are not the data that \(run) was trained on any more: name them by --data, if they are "
        + "what you mean"
    case .onlyTraining(let run, let folder):
      "\(folder), which \(run) was trained on, has no test or val pictures: name others by --data"
    }
  }
}
