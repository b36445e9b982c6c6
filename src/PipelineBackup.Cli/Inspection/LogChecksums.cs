using System.Text.Json.Nodes;
using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>What the scan of one log file found, with the error for its place among the logs.</summary>
/// <param name="FileName">Name of the file.</param>
/// <param name="Scan">The finding.</param>
/// <param name="Error">The engine's error when recovery reads the file; success for a sound one.</param>
internal sealed record LogChecksums(string FileName, LogScanResult Scan, EseError Error)
{
    /// <summary>What was found, in a few words.</summary>
    public string State => Error != EseError.Success ? $"DAMAGED ({(int)Error})"
        : Scan.TornSegment != 0 ? "last write torn, repaired by its shadow"
        : Scan.Corrected.Count > 0 ? $"{Quantity.Count(Scan.Corrected.Count, "corrected bit")}" : "sound";

    /// <summary>Whether the file holds flipped bits that its checksums correct.</summary>
    public bool IsCorrected => Error == EseError.Success && Scan.Corrected.Count > 0;

    /// <summary>Scans a file.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static LogChecksums Run(string path)
    {
        using (EseFile.Open(path))
        {
            // Opened to hear whether someone writes to it; the scan itself shares with everyone.
        }

        return Of(Path.GetFileName(path), LogFileReader.Scan(path));
    }

    /// <summary>Judges a scan by the name of its file.</summary>
    public static LogChecksums Of(string fileName, LogScanResult scan)
    {
        bool isCurrent = LogFileName.TryParse(fileName, out var name) && name.Kind == LogFileKind.Current;
        var error = scan.ErrorFor(LogScanPurpose.SoftRecovery, isCurrent);
        if (error == EseError.Success && name.Generation.IsSet && scan.Header is { } header
            && header.Generation != name.Generation)
            error = EseError.LogGenerationMismatch;
        return new(fileName, scan, error);
    }

    /// <summary>Segments that hold something, of all.</summary>
    public string Segments => Scan.Header is { } header
        ? $"{Quantity.Count(Scan.ValidSegments)} of {Quantity.Count(header.SectorCount)}"
        : "-";

    /// <summary>What is wrong, in words.</summary>
    public string Message => Error == EseError.LogGenerationMismatch
        ? $"the header says generation {Scan.Header!.Generation}"
        : Scan.Message;

    /// <summary>The check as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = LogHeaderText.ToJson(Scan);
        json.Remove("segments");
        json["error"] = (int)Error;
        json["message"] = Message;
        json.Insert(0, "file", FileName);
        json.Insert(1, "generation", Scan.Header?.Generation.Value);
        json.Insert(2, "created", Scan.Header is { } header ? AttachedDatabaseText.ToJson(header.Created) : null);
        return json;
    }
}
