namespace PipelineBackup.Engine;

// Databases come and go.
public sealed partial class EmbeddedEngine
{
    /// <summary>Makes a database, and attaches it.</summary>
    /// <param name="path">Its file. The directory must be there.</param>
    /// <param name="options">How; null for the usual.</param>
    /// <param name="cancellationToken">Ends the waiting for others that make, attach or detach.</param>
    /// <exception cref="EseException">
    /// −1201: there is such a file; −1023: there is no such directory; −1213: another page size than the engine's;
    /// −1003: no such format; −505: a backup goes on; −1805: too many databases; −1090: the engine failed; −529, −1808:
    /// the disk is full.
    /// </exception>
    public ValueTask<EngineDatabase> CreateDatabaseAsync(
        string path, NewDatabaseOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        return ChangeAsync(() => Create(path, options ?? new()), cancellationToken);
    }

    /// <summary>Attaches a database that was closed in order; one that is attached already is just given.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="cancellationToken">Ends the waiting for others that make, attach or detach.</param>
    /// <exception cref="EseException">
    /// −1203: there is no such file; −550, −544, −563, −1226, −1935: it was not closed in order; −1206, −1209, −1018:
    /// it is no database, or none that is known; −1213: another page size than the engine's; −623: a newer format than
    /// the engine's; −551: it is newer than the logs; −1222: one of the same identity is attached; −1202: it is in use;
    /// −1032: it may not be opened; −505: a backup goes on; −1805: too many databases; −1090: the engine failed; −529:
    /// the disk of the logs is full.
    /// </exception>
    public ValueTask<EngineDatabase> AttachDatabaseAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        return ChangeAsync(() => Attach(path), cancellationToken);
    }

    /// <summary>Detaches a database: its file holds all its data by itself, and needs no log.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellationToken">Ends the waiting for others that make, attach or detach.</param>
    /// <exception cref="EseException">
    /// −1203: it is not attached here; −1202: sessions have it open, or transactions are; −505: a backup goes on;
    /// −1090: the engine failed.
    /// </exception>
    public async ValueTask DetachDatabaseAsync(EngineDatabase database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        await ChangeAsync(() => Detach(database), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<T> ChangeAsync<T>(Func<T> change, CancellationToken cancellationToken)
    {
        RequireAlive();
        await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            T Run()
            {
                lock (_upkeep.Gate)
                lock (Latch)
                {
                    RequireAlive();
                    RequireNoBackup();
                    return change();
                }
            }

            return Options.HasBackgroundWork
                ? await Upkeep.RunAsync(Run).ConfigureAwait(false)
                : Run();
        }
        finally
        {
            _life.Release();
        }
    }

    private EngineDatabase Create(string path, NewDatabaseOptions options)
    {
        RequireWritable();
        if ((options.PageSize ?? PageSize) != PageSize)
        {
            throw new EseException(EseError.PageSizeMismatch,
                $"the databases of this engine have pages of {PageSize} bytes, not {options.PageSize}");
        }

        var version = options.Version ?? Options.Format.Database;
        if (version.Main != FormatVersion.CurrentMain || version < CreationPlan.FirstVersion
            || version > Options.Format.Database)
        {
            throw new EseException(EseError.InvalidParameter,
                $"no database of format {version} can be made by an engine of format {Options.Format}");
        }

        if (options.MaxPages.Value is not (0 or >= 62))
        {
            throw new EseException(EseError.InvalidParameter,
                $"a database has {CreationPlan.FirstPages} pages at least");
        }

        RequireFree(path, options.Overwrite);
        byte slot = TakeSlot(path);
        var file = MakeFile(path);
        EngineDatabase? made = null;
        try
        {
            Guard(() => made = new DatabaseCreation(this, path, slot, file, options).Run());
            return made!;
        }
        catch
        {
            // Once it counts as attached the file is closed with the engine.
            if (_databases.TrueForAll(other => other.Slot != slot))
                file.Dispose();
            throw;
        }
    }

    // What a creation that was cut off left there is nobody's.
    private void RequireFree(string path, bool overwrite)
    {
        if (_databases.Any(other => IsSameFile(other.Path, path)))
            throw new EseException(EseError.DatabaseDuplicate, $"'{path}' is attached");
        if (Options.CreatePathIfNotExist && Path.GetDirectoryName(path) is { } directory)
            Options.RequireDirectory(directory);
        var head = DatabaseHead.Read(Options.Disk, path);
        if (head.Found == FoundFile.NoPlace)
            throw new EseException(EseError.InvalidPath, $"'{path}' is not a place for a database");
        if (head.Found == FoundFile.Missing)
            return;
        bool isLeft = head.Found == FoundFile.Damaged && IsBlank(path)
            || head.Pair?.Header?.State == DatabaseState.JustCreated;
        if (!overwrite && !isLeft)
        {
            throw new EseException(EseError.DatabaseDuplicate, $"there is '{path}' already",
                "take another name, attach it, or allow it to be replaced");
        }

        Options.Disk.Delete(path);
        Options.Disk.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private bool IsBlank(string path)
    {
        using var file = Options.Disk.Open(path, DiskAccess.Read);
        byte[] start = new byte[HeaderPair.StartBytes];
        return !start.AsSpan(0, file.Read(start, 0)).ContainsAnyExcept((byte)0);
    }

    private IDiskFile MakeFile(string path)
    {
        IDiskFile? file = null;
        try
        {
            file = Options.Disk.Open(path, DiskAccess.CreateNew);
            file.SetLength((PageNumber.HeaderPages + CreationPlan.FirstPages.Value) * PageSize.Bytes);
            return file;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            if (file is not null)
            {
                file.Dispose();
                Options.Disk.Delete(path);
            }

            throw new EseException(DiskFailure.Of(e, EseError.AccessDenied), $"'{path}' cannot be made: {e.Message}");
        }
    }

    private EngineDatabase Attach(string path)
    {
        if (_databases.FirstOrDefault(other => IsSameFile(other.Path, path)) is { } attached)
            return attached;
        RequireWritable();
        var file = OpenFile(path);
        try
        {
            var header = Judge(path, file);
            byte slot = TakeSlot(path);
            EngineDatabase? database = null;
            Guard(() => database = Attach(path, slot, file, header));
            return database!;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private EngineDatabase Attach(string path, byte slot, IDiskFile file, DatabaseHeader header)
    {
        var consistent = header.LogSignature == LogSignature ? header.Consistent : default;
        var records = new LogRecordWriter();
        records.AttachDatabase(
            new(0, slot, 0, consistent, header.Signature, header.LogSignature), isSparse: false, path);
        var position = Log.Append(records.Written);
        Log.Flush();
        var writer = new DatabaseHeaderWriter(header);
        writer.SetState(
            DatabaseState.DirtyShutdown, position.Generation, Log.DurableHeader.Generation, Log.DurableHeader.Created);
        writer.AttachAt(position, LogSignature, slot, Options.Now, keepBackups: false);
        writer.Recovering = default;
        writer.DisownFlushMap(Options.Random(), Options.Now);
        writer.Write(file);
        Options.Disk.Delete(Path.ChangeExtension(path, ".jfm"));
        var database = new EngineDatabase(this, path, slot, file, writer);
        Take(database);
        return database;
    }

    private IDiskFile OpenFile(string path)
    {
        try
        {
            return Options.Disk.Open(path, DiskAccess.ReadWrite);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EseException(EseError.DatabaseNotFound, $"there is no '{path}'");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EseException(EseError.AccessDenied, $"'{path}' may not be opened: {e.Message}");
        }
        catch (IOException e)
        {
            throw new EseException(EseError.DatabaseInUse, $"'{path}' cannot be opened: {e.Message}");
        }
    }

    private DatabaseHeader Judge(string path, IDiskFile file)
    {
        var pair = HeaderPair.Read(file);
        var header = pair.Require(path);
        if (header.Judge() is not EseError.Success and var error)
        {
            throw new EseException(error, $"'{path}' is in the state {header.State}", error switch
            {
                EseError.DatabaseDirtyShutdown => "recover it with its logs first",
                EseError.SoftRecoveryOnBackupDatabase => "restore the backup that it is part of first",
                _ => "",
            });
        }

        if (pair.PageSize != PageSize)
        {
            throw new EseException(EseError.PageSizeMismatch,
                $"'{path}' has pages of {pair.PageSize} bytes, the engine's databases of {PageSize}");
        }

        if (header.Version < CreationPlan.FirstVersion)
        {
            throw new EseException(EseError.InvalidDatabaseVersion,
                $"'{path}' is of format {header.Version}, which is read and not written");
        }

        if (!header.Version.IsReadableBy(Options.Format.Database))
        {
            throw new EseException(EseError.EngineFormatTooLowForDatabase,
                $"'{path}' is of format {header.Version}, the engine was told to keep to format {Options.Format}",
                "open the engine with a newer format");
        }

        if (header.LogSignature == LogSignature && header.Consistent >= Log.Tip)
        {
            throw new EseException(EseError.ConsistentTimeMismatch,
                $"'{path}' was closed at {header.Consistent}, the log ends at {Log.Tip}",
                "the logs are older than the database: take those that belong to it");
        }

        if (_databases.FirstOrDefault(other => other.Signature == header.Signature) is { } same)
            throw new EseException(EseError.DatabaseSignInUse,
                $"'{path}' is a copy of '{same.Path}', which is attached");
        return header;
    }

    private bool Detach(EngineDatabase database)
    {
        if (!_databases.Contains(database))
            throw new EseException(EseError.DatabaseNotFound, $"'{database.Path}' is not attached");
        if (database.Users > 0 || Transactions.Oldest.IsSet)
            throw new EseException(EseError.DatabaseInUse, $"'{database.Path}' is in use");
        CleanUpAll();
        Guard(() =>
        {
            database.WriteBack();
            var records = new LogRecordWriter();
            records.DetachDatabase(0, database.Slot, database.Path);
            var position = Log.Append(records.Written);
            Log.Flush();
            database.Close(position);
        });
        _databases.Remove(database);
        Forget(database);
        database.Release();
        return true;
    }

    private byte TakeSlot(string path)
    {
        const int EntryBytes = 64;
        int listed = _databases.Select(other => other.Path).Append(path)
            .Sum(each => EntryBytes + 2 * (each.Length + 1));
        for (byte slot = 1; slot <= MostDatabases && listed < AttachedDatabase.ListSize; slot++)
        {
            if (_databases.TrueForAll(other => other.Slot != slot))
                return slot;
        }

        throw new EseException(EseError.TooManyAttachedDatabases,
            $"{_databases.Count} databases are attached, with paths of {listed} bytes: there is no room for another");
    }

    private static bool IsSameFile(string a, string b) => string.Equals(a, b,
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>A database is attached from now on; also one that is being made.</summary>
    /// <param name="database">The database.</param>
    internal void Take(EngineDatabase database)
    {
        _databases.Add(database);
        foreach (var session in Transactions.Sessions)
            database.FollowTransactions(session);
    }
}
