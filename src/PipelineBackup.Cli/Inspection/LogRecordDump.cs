using System.Text.Json.Nodes;
using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>
/// Writes the records of logs while they are read: as the engine's tool does, or a JSON object a record.
/// </summary>
internal static class LogRecordDump
{
    /// <summary>Writes the records of a log; of a damaged one those before the damage.</summary>
    /// <param name="run">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="scan">What its scan found.</param>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <returns>What is wrong with the records themselves; null when they could all be read.</returns>
    public static EseException? Write(
        Invocation run, string path, LogScanResult scan, CancellationToken cancellationToken)
    {
        if (scan.Header is null)
            return null;
        try
        {
            using var reader = LogRecordReader.Open(path, scan);
            if (run.Json)
                WriteJson(run.Terminal.Output, reader, Path.GetFileName(path), cancellationToken);
            else
                WriteText(run.Terminal.Output, reader, path, scan, cancellationToken);
            return null;
        }
        catch (EseException damage)
        {
            return damage;
        }
    }

    private static void WriteText(
        TextWriter output, LogRecordReader reader, string path, LogScanResult scan, CancellationToken cancellationToken)
    {
        string stream = LogFileName.TryParse(Path.GetFileName(path), out var name) ? name.Base : "";
        output.Write("\n");
        LogHeaderText.WriteHeader(output, reader.Header, path, stream);
        LogHeaderText.WriteEnd(output, scan);
        long count = LogRecordsText.Write(output, reader, scan.Segments, cancellationToken);
        output.Write($"\n      Records: {count}\n\n");
    }

    private static void WriteJson(
        TextWriter output, LogRecordReader reader, string file, CancellationToken cancellationToken)
    {
        var version = reader.Header.Version;
        while (reader.TryRead(out var record))
        {
            cancellationToken.ThrowIfCancellationRequested();
            JsonOutput.Write(output, new() { ["record"] = ToJson(record, version, file) });
        }
    }

    private static JsonObject ToJson(in LogRecordView record, LogVersion version, string file)
    {
        var json = new JsonObject
        {
            ["file"] = file,
            ["position"] = LogRecordText.Position(record.Position),
            ["type"] = JsonOutput.Name(record.Type),
            ["length"] = record.Bytes.Length,
        };
        if (record.IsPageChange)
        {
            var change = record.Page;
            json["session"] = change.Session;
            json["database"] = change.Database;
            json["page"] = change.Page.Value;
            json["line"] = change.Line;
            json["dbtime"] = change.Time.Value;
            json["dbtimeBefore"] = change.TimeBefore.Value;
            json["transaction"] = change.Transaction.Value;
            json["level"] = change.Level;
        }

        if (record.IsNodeChange)
            json["tree"] = record.Node.Tree.Value;
        json["text"] = LogRecordText.Details(record, version).TrimStart();
        return json;
    }
}
