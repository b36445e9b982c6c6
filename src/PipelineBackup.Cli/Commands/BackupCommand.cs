using System.CommandLine;
using PipelineBackup.Sinks;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>backup</c>: one backup of files at rest into one or several stores.</summary>
internal sealed class BackupCommand : OperationCommand
{
    private readonly Argument<string> _source = new("directory|database")
    {
        Description = "A directory, of which all databases are taken, or one database file",
    };

    private readonly Option<string[]> _to = new("--to")
    {
        Description =
            "A store: a path, s3://bucket/prefix, azblob://account/container/prefix, or scheme://… of a plugin; may be given several times, and is made when "
            + "it is not there",
        HelpName = "address",
        Required = true,
    };

    private readonly Option<string> _kind = Choice("--kind",
        "What to take: databases and logs (full, copy), or the logs since the last full or incremental backup "
        + "(incremental, differential); nothing builds on a differential backup or a copy",
        "full", "incremental", "differential", "copy");

    private readonly Option<string> _set = new StoreOptions().Set;
    private readonly Option<string[]> _plugin = new StoreOptions().Plugin;
    private readonly Option<string[]> _database =
        Repeated("--database", "NAME", "Take only this database of the directory; may be given several times");

    private readonly Option<string?> _logs = new("--logs")
    {
        Description = "The directory of the logs and the checkpoint, when they are not beside the databases",
        HelpName = "DIR",
    };

    private readonly Option<string?> _base = new("--base")
    {
        Description =
            "Base name of the logs, three characters; needed only where several log streams lie in the directory",
        HelpName = "NAME",
    };

    private readonly Option<string> _onBadPage = Choice("--on-bad-page",
        "What to do with a page that stays bad: publish nothing, leave its database out, or store it as it is and "
        + "list it",
        "fail", "drop-database", "record");

    private readonly Option<string> _onLogGap = Choice("--on-log-gap",
        "What to do when logs that the databases need are missing or damaged: publish nothing, or keep a forensic "
        + "copy that restores with --no-recover only",
        "fail", "record");

    private readonly Option<string> _require = Choice("--require",
        "How many of several stores must have the backup: all, or any one, so that one that fails is dropped",
        "all", "any");

    private readonly Option<string?> _readRate = Rate("--max-read-rate",
        "Read the databases and logs no faster than this a second, for instance 50MB or 1.5GiB");
    private readonly Option<string?> _uploadRate = Rate("--max-upload-rate",
        "Write to all stores together no faster than this a second, for instance 50MB or 1.5GiB");

    private readonly Option<string?> _storeLimit = new("--store-time-limit")
    {
        Description =
            "How long one store may take for one object, attempts and pauses included, before it counts as failed: "
            + "90s, 10m (the default), 2h",
        HelpName = "TIME",
    };

    private readonly Option<int?> _retainDays = new("--retain-days")
    {
        Description =
            "Have every store refuse to delete the objects of the backup for so many days; a store without object lock or "
            + "immutability counts as failed",
        HelpName = "N",
    };

    public BackupCommand()
        : base("backup",
            "Backs up ESE databases with the logs they need: every page and log is verified before anything is "
            + "published")
    {
        Add(_source);
        Option[] options =
        [
            _to, _kind, _set, _logs, _base, _database, _onBadPage, _onLogGap, _require, _retainDays, _storeLimit, _readRate, _uploadRate,
            _plugin,
        ];
        Array.ForEach(options, Add);
    }

    /// <inheritdoc/>
    public override string Example =>
        "pipelinebackup backup /mnt/snapshot/ntds --to /var/backups/dc1 --to file:///mnt/second --require any";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "the backup is published"),
        (ExitCode.Failed,
            "nothing is published; or it is, and ending the backup at the source failed: the error tells"),
        (ExitCode.Damaged, "published, with bad pages, a dropped database or a log gap that was recorded"),
        (ExitCode.Refused,
            "nothing is published: a page or log is damaged, a log is missing, or an incremental backup has nothing "
            + "to continue"),
        (ExitCode.NotFound, "the directory, database, log directory or plugin is not there"),
        (ExitCode.InUse, "a file is open for writing, or changed while it was read: nothing is published"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        string[] addresses = parsed.GetValue(_to)!;
        var upload = LimitOf(parsed, _uploadRate, run);
        using var progress = run.StartProgress("backup");
        var meters = new List<SinkMeter>();
        var options = OptionsOf(parsed, upload, run) with { Meters = meters, Progress = progress };
        var source = SourceOf(parsed, run);
        var plugins = Plugins.Load(parsed.GetValue(_plugin)!);
        var sinks = new List<IBackupSink>();
        try
        {
            var dropped = new List<string>();
            foreach (string address in addresses)
                await OpenAsync(address);
            var report = await new BackupPipeline(source, sinks, options).RunAsync(cancellationToken);
            report = report with { DroppedStores = [.. dropped, .. report.DroppedStores] };
            return BackupText.Result(report, options.Set, addresses);

            async Task OpenAsync(string address)
            {
                try
                {
                    var meter = new SinkMeter(address, run.Terminal.Time);
                    sinks.Add(await StoreOptions.OpenSinkAsync(plugins, address, upload, meter, run, cancellationToken));
                    meters.Add(meter);
                }
                catch (SinkException failure)
                    when (options.Require == StoreRequirement.Any && dropped.Count < addresses.Length - 1)
                {
                    run.Tell($"warning: store '{address}' is dropped: {failure.Message}");
                    dropped.Add($"{address}: {failure.Message}");
                }
            }
        }
        finally
        {
            foreach (var sink in sinks)
                await sink.DisposeAsync();
        }
    }

    private BackupOptions OptionsOf(ParseResult parsed, RateLimit? upload, Invocation run) => new()
    {
        Set = StoreOptions.SetOf(parsed.GetValue(_set)!),
        Kind = Enum.Parse<BackupKind>(parsed.GetValue(_kind)!, ignoreCase: true),
        Databases = parsed.GetValue(_database)!,
        OnBadPage = parsed.GetValue(_onBadPage) switch
        {
            "drop-database" => BadPagePolicy.DropDatabase,
            "record" => BadPagePolicy.Record,
            _ => BadPagePolicy.Fail,
        },
        OnLogGap = parsed.GetValue(_onLogGap) == "record" ? LogGapPolicy.Record : LogGapPolicy.Fail,
        Require = parsed.GetValue(_require) == "any" ? StoreRequirement.Any : StoreRequirement.All,
        RetainFor = parsed.GetValue(_retainDays) switch
        {
            null => null,
            >= 1 and <= 36_500 and var days => TimeSpan.FromDays(days),
            _ => throw new UsageException($"{_retainDays.Name} takes a number from 1 to 36500", "leave it out for no retention"),
        },
        StoreTimeLimit = TimeLimit(parsed, upload),
        Logger = run,
        Time = run.Terminal.Time,
    };

    // Asked for before the stores are opened: a wrong path must not leave an empty store behind.
    private IBackupSource SourceOf(ParseResult parsed, Invocation run)
    {
        string path = parsed.GetValue(_source)!;
        var limit = LimitOf(parsed, _readRate, run);
        if (parsed.GetValue(_base) is { Length: not 3 } wrong)
        {
            throw new UsageException($"'{wrong}' is no base name of logs",
                "a base name has three characters, for instance edb or E00");
        }

        if (!Path.Exists(path))
            throw new FileNotFoundException($"'{path}' is not there", path);
        var source = new FileSetSource(new FileSetOptions
        {
            Path = path,
            LogDirectory = parsed.GetValue(_logs),
            BaseName = parsed.GetValue(_base),
        });
        return limit is null ? source : new ThrottledSource(source, limit);
    }

    private static Option<string?> Rate(string name, string description) =>
        new(name) { Description = description, HelpName = "R" };

    private static RateLimit? LimitOf(ParseResult parsed, Option<string?> option, Invocation run) =>
        parsed.GetValue(option) switch
    {
        null => null,
        var text when Quantity.TryParseRate(text, out long bytes) => new(bytes, run.Terminal.Time),
        var text => throw new UsageException($"'{text}' is no rate for {option.Name}",
            "a rate is bytes a second: 800k, 50MB, 1.5GiB"),
    };

    private TimeSpan TimeLimit(ParseResult parsed, RateLimit? upload)
    {
        var usual = parsed.GetValue(_storeLimit) switch
        {
            null => new BackupOptions().StoreTimeLimit,
            var text when Quantity.TryParseDuration(text, out var limit) => limit,
            var text => throw new UsageException(
                $"'{text}' is no time for {_storeLimit.Name}", "a time is a number with its unit, s, m or h: 90s, 10m, 2h"),
        };
        // A pack waits for its turn, and for those that went before it; that must not look like a store that hangs.
        const double QueuedBytes = 256 << 20;
        return upload is null ? usual
            : usual + TimeSpan.FromSeconds(Math.Min(QueuedBytes / upload.BytesPerSecond, 30 * 24 * 3600));
    }
}
