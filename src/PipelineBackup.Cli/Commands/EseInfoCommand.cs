using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Inspection;
using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese info</c>: the header of a file of the engine.</summary>
internal sealed class EseInfoCommand : OperationCommand
{
    private readonly Argument<string> _file = new("file")
    {
        Description = "A database, log, checkpoint or flush map; its content tells which, not its name",
    };

    public EseInfoCommand()
        : base("info",
            "Shows the header of a database, log or checkpoint as the engine's tool does (eseutil /mh, /ml, /mk)") =>
            Add(_file);

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese info /mnt/snapshot/ntds/ntds.dit";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "shown; a database may be dirty, and one of two header copies may be damaged: the text tells"),
        (ExitCode.Refused, "the header cannot be read, the log is damaged, or the file is none of the engine"),
        (ExitCode.NotFound, "the file is not there"),
        (ExitCode.InUse, "the file is open for writing"),
    ];

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken) =>
        Task.Run(() => Inspect(parsed.GetValue(_file)!), cancellationToken);

    private static CommandResult Inspect(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"'{path}' is a directory",
                "name one file; 'ese checksum' and 'ese logs' take directories");
        using var file = EseFile.Open(path);
        byte[] start = EseFile.ReadStart(file);
        var result = EseFile.Recognize(start, Path.GetFileName(path)) switch
        {
            EseFileKind.Database => Database(HeaderPair.Read(start), file),
            EseFileKind.Log => Log(path),
            EseFileKind.Checkpoint => Checkpoint(start),
            EseFileKind.FlushMap => FlushMap(new(start.AsMemory(0, Math.Min(start.Length, FlushMapHeader.Size)))),
            _ => throw new EseException(EseError.FileInvalidType,
                $"'{path}' is no database, log, checkpoint or flush map of the engine",
                "check the path; a database whose header is overwritten cannot be recognised"),
        };
        result.Fields.Insert(0, "file", Path.GetFullPath(path));
        return result;
    }

    private static CommandResult Database(HeaderPair headers, Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        var trailer = headers.Header is { NeedsTrailer: true } ? PatchTrailer.Read(file, headers.PageSize) : null;
        return new()
        {
            Exit = headers.IsReadable ? ExitCode.Done : ExitCode.Refused,
            Failure = headers.IsReadable ? null : CommandFailure.Of(ExitCode.Refused, headers.Judge(),
                "both copies of the database header are damaged",
                "restore the file from a backup; without a header its pages cannot be placed"),
            Fields = new JsonObject
            {
                ["kind"] = "database",
                ["database"] = DatabaseHeaderJson.Create(headers, trailer),
            },
            Text = output => DatabaseHeaderText.Write(output, headers, trailer),
        };
    }

    private static CommandResult Log(string path)
    {
        var scan = LogFileReader.Scan(path);
        var check = LogChecksums.Of(Path.GetFileName(path), scan);
        bool isNamed = LogFileName.TryParse(Path.GetFileName(path), out var name);
        var checkpoint = isNamed ? CheckpointBeside(path, name) : null;
        var json = LogHeaderText.ToJson(scan);
        json.Remove("segments");
        return new()
        {
            Exit = check.Error == EseError.Success ? ExitCode.Done : ExitCode.Refused,
            Failure = check.Error == EseError.Success ? null
                : CommandFailure.Of(ExitCode.Refused, check.Error, $"'{check.FileName}': {check.Message}",
                    "take the file from another copy or backup"),
            Fields = new JsonObject
            {
                ["kind"] = "log",
                ["log"] = scan.Header is { } header ? LogHeaderText.ToJson(header) : null,
                ["scan"] = json,
            },
            Text = output =>
            {
                if (scan.Header is not { } shown)
                    return;
                LogHeaderText.WriteHeader(output, shown, path, isNamed ? name.Base : "", checkpoint);
                LogHeaderText.WriteEnd(output, scan);
                output.Write($"\n      Segments: {check.Segments} used, {Quantity.Count(scan.EmptySegments)} empty, "
                    + $"{Quantity.Count(scan.StaleSegments)} left over; {check.State}\n");
            },
        };
    }

    // The engine prints the position of the checkpoint that lies beside the log.
    private static LogPosition? CheckpointBeside(string path, LogFileName name)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string beside = Path.Combine(directory, (name with { Kind = LogFileKind.Checkpoint }).ToString());
        return File.Exists(beside) ? EseFile.ReadCheckpoint(beside, out _)?.Position : null;
    }

    private static CommandResult Checkpoint(byte[] start)
    {
        bool isReadable = Ese.Checkpoint.TryRead(start, out var checkpoint, out var fault);
        return new()
        {
            Exit = isReadable ? ExitCode.Done : ExitCode.Refused,
            Failure = isReadable ? null : CommandFailure.Of(ExitCode.Refused, fault!.Error, fault.Message, fault.Hint),
            Fields = new JsonObject
            {
                ["kind"] = "checkpoint",
                ["checkpoint"] = isReadable ? CheckpointText.ToJson(checkpoint!) : null,
            },
            Text = output =>
            {
                if (!isReadable)
                    return;
                CheckpointText.Write(output, checkpoint!);
                if (checkpoint!.IsFromSecondCopy)
                    output.Write("\nWARNING: the first copy is damaged; this is the second.\n");
            },
        };
    }

    private static CommandResult FlushMap(FlushMapHeader map)
    {
        var json = FlushMapText.ToJson(map);
        return new()
        {
            Exit = map.IsIntact ? ExitCode.Done : ExitCode.Refused,
            Failure = map.IsIntact ? null : CommandFailure.Of(ExitCode.Refused, EseError.ReadVerifyFailure,
                "the header of the flush map is damaged",
                "nothing to do: the engine makes a new map when it opens the database"),
            Fields = new JsonObject { ["kind"] = "flushMap", ["flushMap"] = json },
            Text = output =>
            {
                if (map.IsIntact)
                    FlushMapText.Write(output, map);
            },
        };
    }
}
