import Foundation
import XlingCore

/// How much the states of trunks beside a store may take before more are made only when they are asked for.
public enum CacheLimit {
  public static let variable = "XLING_CACHE_LIMIT"
  /// Half of a small disk's free space, and all of MS COCO's validation pictures by a ViT-B/16.
  public static let usual = 20_000_000_000

  /// Throws ``CacheFailure/limit(text:)`` for a variable that is no size.
  public static func ofEnvironment() throws(CacheFailure) -> Int {
    guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else {
      return usual
    }
    guard let bytes = ByteSize.bytes(text) else { throw .limit(text: text) }
    return bytes
  }
}

/// Errors of what is kept beside a store.
public enum CacheFailure: Failure, Equatable {
  case limit(text: String)
  /// What would be made is larger than what is free.
  case diskTooSmall(path: String, needed: Int, free: Int)
  case damaged(problems: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .limit: .usage
    case .diskTooSmall: .inputOutput
    case .damaged: .badData
    }
  }

  public var description: String {
    switch self {
    case .limit(let text):
      "\(CacheLimit.variable) is '\(text)', expected a size such as 20GB or 500MB"
    case .diskTooSmall(let path, let needed, let free):
      "the states that --cache-trunk asks for take \(ByteSize.text(needed)), and \(path) lies on a disk "
        + "with \(ByteSize.text(free)) free. Nothing was begun. Free space (xling cache prune), name a "
        + "store on another disk, or leave --cache-trunk out."
    case .damaged(let problems):
      "\(problems.count == 1 ? "1 cache is" : "\(problems.count) caches are") not whole:\n  "
        + problems.joined(separator: "\n  ")
        + "\nWhat is damaged is never used: it is computed anew. xling cache verify --repair drops it."
    }
  }
}
