import XlingCore

/// Errors of labelled pictures, class names and prompts.
public enum ClassificationFailure: Failure, Equatable {
  /// Nothing of `path` has the form of labelled pictures.
  case noClasses(path: String)
  case emptyClass(path: String, name: String)
  /// A file of labelled pictures that is not what its format says.
  case badFile(path: String, expected: String, found: String)
  /// Classes of the data that the file of names does not know.
  case unknownClasses(path: String, classes: [String])
  /// Data whose classes nothing names.
  case unnamed(path: String)
  case missingNames(language: String, classes: [String], of: Int)
  /// A set of prompts without a template in the language.
  case noTemplate(prompts: String, language: String, has: [String])
  /// A template that does not hold `{}` once.
  case badTemplate(path: String, template: String)
  case unknownPrompts(given: String, nearest: String?, known: [String])

  /// Data that have no such part.
  case noPart(path: String, split: Split)
  /// Classes, each with how many pictures it has.
  case fewPictures(path: String, shots: Int, classes: [String])
  /// What is left to tell apart is one class, or none.
  case fewClasses(path: String, classes: [String], why: String)
  /// Classes that are to be held out and are none of the data.
  case unknownHeldOut(classes: [String], path: String, known: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .noClasses, .missingNames, .noTemplate: .missingInput
    case .emptyClass, .badFile, .unknownClasses, .badTemplate: .badData
    case .unnamed, .unknownPrompts, .fewPictures, .unknownHeldOut: .usage
    case .noPart: .missingInput
    case .fewClasses: .badData
    }
  }

  public var description: String {
    switch self {
    case .noClasses(let path):
      "\(path) holds no labelled pictures: expected a folder for each class, CIFAR-100's test.bin and "
        + "fine_label_names.txt, SVHN's test_32x32.mat, or a dataset whose test pictures show one "
        + "concept each."
    case .emptyClass(let path, let name):
      "\(path)/\(name) has no picture. Put pictures there, or remove the folder."
    case .badFile(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). Fetch the file again."
    case .unknownClasses(let path, let classes):
      "\(path) does not name \(Self.list(classes)). Add a line for each: "
        + #"{"class": "\#(classes.first ?? "")", "names": {"en": ["…"]}}."#
    case .unnamed(let path):
      "the classes of \(path) are folder names, which are no language: name them by --classes FILE, a "
        + #"line a class: {"class": "dog", "names": {"en": ["dog"], "tr": ["köpek"]}}."#
    case .missingNames(let language, let classes, let count):
      "\(classes.count) of \(count) classes have no name in \(language): \(Self.list(classes)). Name "
        + "them, or leave them and their pictures out by --allow-missing; the result says so."
    case .noTemplate(let prompts, let language, let has):
      "the prompts \"\(prompts)\" have no template in \(language), only in "
        + MessageList.of(has) + ". Write a file with one (--prompts FILE), or take "
        + "--prompts plain, the names alone."
    case .badTemplate(let path, let template):
      "\(path): expected templates that hold {} once, where the name goes, found \"\(template)\". "
        + "Mend that template."
    case .noPart(let path, let split):
      "\(path) has no \(split.rawValue) part: expected \(split.rawValue)/CLASS/PICTURE, CIFAR-100's "
        + "\(split.rawValue).bin, SVHN's \(split.rawValue)_32x32.mat, or a dataset with "
        + "\(split.rawValue) pictures of one concept each."
    case .fewPictures(let path, let shots, let classes):
      "\(classes.count) classes of \(path) have fewer than \(shots) training pictures: "
        + "\(Self.list(classes)). Give fewer --shots, or leave such classes out by --least \(shots)."
    case .fewClasses(let path, let classes, let why):
      "\(path) leaves \(classes.isEmpty ? "no class" : "the class \(Self.list(classes)) alone") to train "
        + "on\(why): expected two classes or more."
    case .unknownHeldOut(let classes, let path, let known):
      "\(path) has no class \(Self.list(classes)) to hold out. Its classes: \(Self.list(known))."
    case .unknownPrompts(let given, let nearest, let known):
      "there are no prompts \"\(given)\", and no such file."
        + (nearest.map { " Did you mean \"\($0)\"?" } ?? "")
        + " Prompts: \(MessageList.of(known))."
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ")
      + (names.count > 10 ? " and \(names.count - 10) more" : "")
  }
}
