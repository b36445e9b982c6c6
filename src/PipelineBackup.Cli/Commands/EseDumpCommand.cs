using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;
using PipelineBackup.Restore;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese dump</c>: what a database holds, as JSON lines; of a file, or straight from a backup.</summary>
internal sealed class EseDumpCommand : OperationCommand
{
    private readonly Argument<string> _database = new("database")
    {
        Description = "A database; with --from its file name in the backup",
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "Write the dump to a file that is not there yet, not to the output",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _table = Repeated("--table", "NAME", "Dump only this table; may be given several times");

    private readonly Option<bool> _system = new("--system") { Description = "Dump the engine's own tables, not those of applications" };

    private readonly Option<bool> _asIs = new("--as-is")
    {
        Description = "Dump a database that was not shut down cleanly too; what it holds may contradict itself",
    };

    private readonly StoreOptions _store = new();

    private readonly Option<string> _backup = new("--backup")
    {
        Description = "With --from: the backup",
        HelpName = "id|latest",
        DefaultValueFactory = _ => "latest",
    };

    public EseDumpCommand()
        : base("dump", "Writes the tables, rows and indexes of a database as JSON lines; from a backup it reads only the parts it needs")
    {
        Add(_database);
        Add(_out);
        Add(_table);
        Add(_system);
        Add(_asIs);
        _store.From.Required = false;
        _store.AddTo(this);
        Add(_backup);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese dump ntds.dit --table datatable --from /var/backups/dc1 --backup latest";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "dumped"),
        (ExitCode.Refused, "the database is damaged, or was not shut down cleanly; or the backup is damaged"),
        (ExitCode.NotFound, "the database, a table, the store or the backup is not there"),
        (ExitCode.InUse, "the database is open for writing"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        string database = parsed.GetValue(_database)!;
        if (parsed.GetValue(_store.From) is null)
        {
            return await Task.Run(
                () =>
                {
                    using var file = DatabaseFile.Open(database);
                    return Dump(file, file.Header, parsed, run, new JsonObject { ["path"] = Path.GetFullPath(database) }, cancellationToken);
                },
                cancellationToken);
        }

        var set = _store.SetOf(parsed);
        await using var archive = await _store.OpenAsync(parsed, run, cancellationToken);
        var manifest = await new BackupCatalog(archive, set).FindAsync(parsed.GetValue(_backup)!, cancellationToken);
        var pages = await ArchivePageFile.OpenAsync(archive, set, manifest, database, cancellationToken);
        var fields = new JsonObject { ["database"] = pages.Name, ["backup"] = pages.Backup.Id };
        var result = await Task.Run(() => Dump(pages, pages.Header, parsed, run, fields, cancellationToken), cancellationToken);
        result.Fields["fetched"] = pages.FetchedBytes;
        return result;
    }

    private CommandResult Dump(
        IPageFile file, DatabaseHeader header, ParseResult parsed, Invocation run, JsonObject fields, CancellationToken cancellationToken)
    {
        DemandClean(header, parsed.GetValue(_asIs), parsed.GetValue(_store.From) is not null, run);
        var options = new DumpOptions { Tables = parsed.GetValue(_table)!, SystemTables = parsed.GetValue(_system) };
        string? path = parsed.GetValue(_out);
        DumpReport report;
        try
        {
            report = path is null
                ? DatabaseDump.Write(file, new TextStream(run.Terminal.Output), options, cancellationToken)
                : DumpToFile(path, output => DatabaseDump.Write(file, output, options, cancellationToken));
        }
        catch (EseException missing) when (missing.Error == EseError.ObjectNotFound)
        {
            throw new BackupException(missing.Message, missing)
            {
                Error = CommandFailure.Jet(missing.Error),
                Hint = "without --table every table is dumped, with --system those of the engine",
                ExitCode = ExitCode.NotFound,
            };
        }

        fields["out"] = path is null ? null : Path.GetFullPath(path);
        fields["tables"] = report.Tables;
        fields["rows"] = report.Rows;
        fields["indexEntries"] = report.IndexEntries;
        fields["bytes"] = report.Bytes;
        return new()
        {
            Fields = fields,
            Text = output =>
            {
                if (path is not null)
                    output.Write($"{path}: {Quantity.Count(report.Tables, "table")}, {Quantity.Count(report.Rows, "row")}, {Quantity.Bytes(report.Bytes)}\n");
            },
        };
    }

    // A dump that failed leaves no file that looks like one.
    private static DumpReport DumpToFile(string path, Func<Stream, DumpReport> write)
    {
        if (Path.Exists(path))
            throw new BackupException($"'{path}' is already there; a dump never overwrites") { Hint = "name another file, or move this one away" };
        using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        try
        {
            return write(output);
        }
        catch
        {
            output.Dispose();
            File.Delete(path);
            throw;
        }
    }

    private static void DemandClean(DatabaseHeader header, bool asIs, bool isBackup, Invocation run)
    {
        if (!header.NeedsRecovery)
            return;
        if (!asIs)
        {
            var error = header.IsUnrestoredCopy ? EseError.SoftRecoveryOnBackupDatabase : EseError.DatabaseDirtyShutdown;
            throw new EseException(error, "the database was not shut down cleanly: its pages are of different times",
                isBackup ? "restore the backup, which recovers it, and dump the result; or add --as-is"
                    : "recover it and dump the result; or add --as-is");
        }

        run.Tell("warning: the database was not shut down cleanly; what it holds may contradict itself");
    }
}
