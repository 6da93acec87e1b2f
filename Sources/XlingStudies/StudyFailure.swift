import XlingCore

/// What can go wrong with a study: its file, its store, its cells.
public enum StudyFailure: Failure, Equatable {
  /// `line` from 1; 0 where the file says nothing there.
  case badFile(path: String, line: Int, expected: String, found: String)
  case unknownStudy(name: String, nearest: String?, known: [String])
  /// No cell is left of the grid.
  case emptyGrid(path: String)
  /// Two combinations of the axes are one and the same cell.
  case sameCondition(path: String, first: String, second: String)
  case notAStudy(path: String)
  case networkStore(path: String, system: String)
  case otherStudy(path: String, stored: String, given: String)
  case unknownCell(given: String, study: String, cells: Int)
  case severalCells(given: String, cells: [String])
  case taskOutOfRange(task: Int, lines: Int)
  /// Cells that failed, with the words of the first; `status` is of its error.
  case failedCells(count: Int, of: Int, first: String, words: String, status: ExitStatus)
  case nothingDone(path: String)
  /// Two stores have the same cell, and it is not the same.
  case disagreement(cell: String, first: String, second: String, places: [String])
  case badTable(path: String, line: Int, expected: String, found: String)
  case noSmallForm(study: String)
  /// Shards that nobody has joined.
  case onlyShards(folder: String, stores: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .badFile, .notAStudy, .otherStudy, .disagreement, .badTable: .badData
    case .unknownStudy, .nothingDone, .onlyShards: .missingInput
    case .emptyGrid, .sameCondition, .unknownCell, .severalCells, .taskOutOfRange, .networkStore,
      .noSmallForm:
      .usage
    case .failedCells(_, _, _, _, let status): status
    }
  }

  public var description: String {
    switch self {
    case .badFile(let path, let line, let expected, let found):
      "\(path)\(line > 0 ? ", line \(line)" : ""): expected \(expected), found \(found)."
    case .unknownStudy(let name, let nearest, let known):
      "there is no study '\(name)': neither a file nor one that ships."
        + (nearest.map { " Did you mean '\($0)'?" } ?? "") + " There are: "
        + known.joined(separator: ", ") + "."
    case .emptyGrid(let path):
      "\(path): no cell is left: every combination of its axes is in a [[skip]]. Take one out."
    case .sameCondition(let path, let first, let second):
      "\(path): '\(first)' and '\(second)' are one and the same run, which would be compared with itself. Leave "
        + "one out by a [[skip]], or take away the setting that makes them equal."
    case .notAStudy(let path):
      "\(path) is no store of a study: it is empty, a store of runs and results, or another program's "
        + "database. Nothing was changed there. Name another folder by --output."
    case .networkStore(let path, let system):
      "\(path) lies on \(system), where SQLite's locks do not hold: several processes would spoil the "
        + "study's store. Give each its own store on a local disk (--shard i/n --output FOLDER) and join "
        + "them by `xling study merge`, or, where one process alone works on it, add "
        + "--allow-network-store."
    case .otherStudy(let path, let stored, let given):
      "\(path) holds the study '\(stored)', not '\(given)'. Name another folder by --output."
    case .unknownCell(let given, let study, let cells):
      "the study '\(study)' has no cell that begins with '\(given)'; `xling study plan` lists its "
        + "\(cells) cells."
    case .severalCells(let given, let cells):
      "several cells begin with '\(given)': \(MessageList.of(cells)). Give more of the hash."
    case .taskOutOfRange(let task, let lines):
      "SLURM_ARRAY_TASK_ID is task \(task + 1) of the array, and the study has \(lines) cells. Give "
        + "--array=1-\(lines), or unset SLURM_ARRAY_TASK_ID."
    case .failedCells(let count, let total, let first, let words, _):
      "\(count) of \(total) cells failed and were given up, the others were done. The first, "
        + "\(first): \(words) Once that is mended, `xling study run --retry-failed` begins them anew."
    case .nothingDone(let path):
      "\(path) has no finished cell yet. Run the study first: xling study run"
    case .disagreement(let cell, let first, let second, let places):
      "cell \(cell) is in \(first) and in \(second), and they differ in \(MessageList.of(places)). "
        + "Nothing was written. The same cell must agree to the bit: look at the BLAS core, the data "
        + "and the program of both machines, and leave one of the stores out."
    case .badTable(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(found). Write the tables again by `xling "
        + "study report --csv FOLDER`."
    case .onlyShards(let folder, let stores):
      "\(folder) has the stores of shards alone. Join them: "
        + ShellWords.command(
          ["xling", "study", "merge"] + stores + ["--output", folder + "/study.sqlite"])
    case .noSmallForm(let study):
      "the study '\(study)' has no [small] table, so --small has no meaning. Add one, or leave --small "
        + "out."
    }
  }
}
