using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Engine;

/// <summary>How an engine comes to its log: what is there is recovered and gone on with, or a new stream begins.</summary>
/// <param name="Log">The log, ready for records.</param>
/// <param name="Checkpoint">Its checkpoint.</param>
/// <param name="Recovery">What recovery did; null when there were no logs.</param>
internal sealed record LogOpening(LogStream Log, CheckpointFile Checkpoint, RecoveryReport? Recovery)
{
    /// <summary>Recovers and opens.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="recovering">Is told when recovery begins, and when it is over.</param>
    /// <param name="cancellationToken">Ends recovery.</param>
    public static LogOpening Open(EngineOptions options, Action<bool> recovering, CancellationToken cancellationToken)
    {
        if (options.LoggingDisabled)
            return WithoutLog(options);
        var folder = LogStreamFolder.Open(options.Disk, options.LogDirectory, options.BaseName);
        bool isNew = !HasLogs(options);
        recovering(!isNew);
        var recovery = isNew ? null : Recover(options, cancellationToken);
        recovering(false);
        var files = new LogFiles(folder);
        try
        {
            var (settings, packer) = isNew ? Begin(options, files) : Continue(options, folder, files);
            var log = new LogStream(options, settings, files, packer);
            string path = folder.CheckpointPath(options.CheckpointPlace);
            return new(log, new(options.Disk, path, settings), recovery);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    // Logs that are there are left alone.
    private static LogOpening WithoutLog(EngineOptions options)
    {
        var settings = Settings(options, NewSignature(options), options.PageSize ?? PageSize.Default);
        var files = new NoLogFiles(LogHeaderWriter.Begin(settings, options.Now));
        var log = new LogStream(options, settings, files, NewPacker(options, files));
        return new(log, new(options.Disk, null, settings), null);
    }

    private static bool HasLogs(EngineOptions options)
    {
        foreach (string path in options.Disk.ListFiles(options.LogDirectory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                && name.Base.Equals(options.BaseName, StringComparison.OrdinalIgnoreCase)
                && name.Kind is LogFileKind.Current or LogFileKind.Numbered)
                return true;
        }

        return false;
    }

    private static RecoveryReport Recover(EngineOptions options, CancellationToken cancellationToken)
    {
        void Tell(int id, EngineEventLevel level, string message) =>
            EngineEvent.Tell(options.Events, id, level, message);

        Tell(EngineEvent.RecoveryBegins, EngineEventLevel.Information,
            $"recovery begins, with the logs '{options.BaseName}' in '{options.LogDirectory}'");
        try
        {
            var report = Replay(options, cancellationToken);
            Tell(EngineEvent.RecoveryComplete, EngineEventLevel.Information, $"recovery is complete: {report.Records} "
                + $"log records replayed, {report.RolledBack} transactions rolled back, up to {report.End}");
            return report;
        }
        catch (Exception failure) when (failure is EseException or IOException or UnauthorizedAccessException)
        {
            Tell(EngineEvent.RecoveryFailed, EngineEventLevel.Error, $"recovery failed: {failure.Message}");
            throw;
        }
    }

    private static RecoveryReport Replay(EngineOptions options, CancellationToken cancellationToken) =>
        new SoftRecovery(new()
        {
            BaseName = options.BaseName,
            LogDirectory = options.LogDirectory,
            CheckpointDirectory = options.CheckpointDirectory,
            Map = options.Map,
            IgnoreMissingDatabases = options.IgnoreMissingDatabases,
            MemoryBytes = Math.Max(options.CacheBytes, 1 << 20),
            Disk = options.Disk,
            Time = options.Time,
            Progress = options.RecoveryProgress,
        }).Run(cancellationToken);

    private static (LogStreamSettings Settings, LogPacker Packer) Begin(EngineOptions options, LogFiles files)
    {
        var settings = Settings(options, NewSignature(options), options.PageSize ?? PageSize.Default);
        files.Begin(LogHeaderWriter.Begin(settings, options.Now), null, 0);
        return (settings, NewPacker(options, files));
    }

    private static (LogStreamSettings Settings, LogPacker Packer) Continue(
        EngineOptions options, LogStreamFolder folder, LogFiles files)
    {
        // A crash may have come when the last log had got its number already, and the next one was not there yet.
        bool isCurrent = options.Disk.FileExists(folder.CurrentPath);
        string path = isCurrent ? folder.CurrentPath : LastNumbered(options, folder);
        var scan = Scan(options.Disk, path);
        if (scan.TornSegment != 0 || scan.CutSegment != 0)
        {
            LogSeal.Apply(options.Disk, path, scan);
            scan = Scan(options.Disk, path);
        }

        var header = scan.Header!;
        if (options.PageSize is { } size && size != header.PageSize)
        {
            throw new EseException(EseError.PageSizeMismatch,
                $"the logs are of databases with pages of {header.PageSize} bytes, not {size}",
                "leave the page size out, or use another directory for the logs");
        }

        if (header.PageSize.Bytes < PageSize.Default.Bytes)
        {
            throw new EseException(EseError.PageSizeMismatch,
                $"the logs are of databases with pages of {header.PageSize} bytes, which are read and not written");
        }

        var settings = Settings(options, header.Signature, header.PageSize);
        if (isCurrent && CanContinue(header, scan, settings))
        {
            files.Continue(header, scan);
            return (settings,
                new(header.Generation, header.SectorCount, options.Time, scan.LastValidSegment + 1)
                {
                    Rest = FindEnd(options.Disk, path, scan),
                });
        }

        var position = new LogPosition(header.Generation, 1, 0);
        byte[] next = LogHeaderWriter.Continue(header, settings, options.Now, position, []);
        files.Begin(next, header, scan.AccumulatedChecksum);
        return (settings, NewPacker(options, files));
    }

    // The last bytes of a segment may be zeros, too few for filler: they belong to the next record.
    private static LogPosition FindEnd(IDisk disk, string path, LogScanResult scan)
    {
        using var reader = LogRecordReader.Over(disk.Open(path, DiskAccess.Read), scan);
        reader.Seek(new(scan.Header!.Generation, scan.LastValidSegment, 0));
        while (reader.TryRead(out _))
        {
            // To the end.
        }

        return reader.Position;
    }

    private static string LastNumbered(EngineOptions options, LogStreamFolder folder)
    {
        var last = LogChain.Open(options.Disk, options.LogDirectory, options.BaseName).Highest;
        return folder.NumberedPath(last);
    }

    private static LogScanResult Scan(IDisk disk, string path)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        var scan = LogFileReader.Scan(file);
        return scan.IsGood ? scan : throw scan.HeaderFault ?? new EseException(scan.Error, scan.Message);
    }

    // A log of another writer, or with other settings, is left as it is.
    private static bool CanContinue(LogHeader header, LogScanResult scan, LogStreamSettings settings)
    {
        bool isCircular = (header.Flags & LogHeaderFlags.Circular) != 0;
        byte[] like = LogHeaderWriter.Begin(settings, default);
        return header.TellsDurable && scan.CleanShutdown.IsSet && isCircular == settings.IsCircular
            && (header.Flags & LogHeaderFlags.Reserve) == 0
            && header.FileLength == LogHeader.Read(like).FileLength && EngineFormat.IsAtLeast(header.Version, settings.Version)
            && scan.LastValidSegment + 1 < header.SectorCount - 1;
    }

    private static Signature NewSignature(EngineOptions options) => new((uint)options.Random(), options.Now);

    private static LogPacker NewPacker(EngineOptions options, ILogFiles files) =>
        new(files.Header.Generation, files.Header.SectorCount, options.Time);

    private static LogStreamSettings Settings(EngineOptions options, Signature signature, PageSize pageSize) => new()
    {
        Signature = signature,
        PageSize = pageSize,
        FileBytes = options.LogFileBytes,
        Version = options.Format.Log,
        IsCircular = options.CircularLogging,
        Parameters = Parameters(options, pageSize),
    };

    // For people: nothing of it is needed to replay.
    private static byte[] Parameters(EngineOptions options, PageSize pageSize)
    {
        const int PathBytes = 261, Flags = 522, LogSectors = 543, CachePages = 547;
        byte[] bytes = new byte[InstanceParameters.Size];
        string[] paths = [options.CheckpointPlace, options.LogDirectory];
        for (int i = 0; i < paths.Length; i++)
        {
            byte[] path = Encoding.Latin1.GetBytes(Path.GetFullPath(paths[i]));
            path.AsSpan(0, Math.Min(path.Length, PathBytes - 1)).CopyTo(bytes.AsSpan(i * PathBytes));
        }

        bytes[Flags] = (byte)(options.CircularLogging ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.AsSpan(LogSectors), (uint)(options.LogFileBytes / SegmentScan.Size));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(CachePages),
            (uint)Math.Min(uint.MaxValue, options.CacheBytes / pageSize.Bytes));
        return bytes;
    }
}
