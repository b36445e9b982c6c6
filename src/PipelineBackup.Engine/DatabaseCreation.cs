namespace PipelineBackup.Engine;

/// <summary>Makes a database: file, trees and rows, in the order in which the engine of Windows makes them.</summary>
/// <remarks>As docs/ese-creation.md has it; the steps are those of <see cref="CreationPlan"/>.</remarks>
internal sealed class DatabaseCreation : IValueSource
{
    private readonly EmbeddedEngine _engine;
    private readonly NewDatabaseOptions _options;
    private readonly FormatVersion _version;
    private readonly EngineDatabase _database;
    private readonly RedoSession _session;
    private readonly RecordFormat _format;
    private readonly CatalogWriter _catalogWriter;
    private readonly TableDefinition _catalog;
    private readonly List<CatalogEntry> _entries = [.. SystemTables.Catalog];
    private readonly Dictionary<uint, EngineTree> _trees = [];
    private readonly LogRecordWriter _records = new();

    /// <summary>Makes the file, and the database attached.</summary>
    /// <param name="engine">Its engine, whose latch is held.</param>
    /// <param name="path">Its path.</param>
    /// <param name="slot">Its number.</param>
    /// <param name="file">Its file, empty; from now on owned.</param>
    /// <param name="options">How.</param>
    public DatabaseCreation(
        EmbeddedEngine engine, string path, byte slot, IDiskFile file, NewDatabaseOptions options)
    {
        (_engine, _options, _version) = (engine, options, options.Version ?? engine.Options.Format.Database);
        _format = engine.PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;
        _catalogWriter = new(_format);
        _catalog = SystemTables.Define(engine.PageSize).Find(SystemTrees.Objects.Name);
        _session = engine.Transactions.Open();
        _database = MakeHeader(path, slot, file);
    }

    /// <summary>Makes what is in it.</summary>
    public EngineDatabase Run()
    {
        var editor = _database.Editor;
        editor.Records.Clear();
        uint pages = (uint)CreationPlan.FirstPages.Value;
        editor.Records.Add<DatabaseExtension>(LogRecordType.ExtendDatabase, new(_database.Slot, new(pages)));
        editor.Commit(Origin);
        var steps = CreationPlan.Steps(_version, _engine.PageSize, _engine.Options.Time.GetUtcNow());
        int transaction = -1;
        foreach (var step in steps)
        {
            if (_session.Level > 0 && (step.Kind == CreationStepKind.Finish || step.Transaction != transaction))
                _engine.Transactions.Commit(_session);
            if (step.Kind == CreationStepKind.Finish)
            {
                SetVersion();
                continue;
            }

            if (_session.Level == 0)
                _engine.Transactions.Begin(_session, 1, _engine.Transactions.Next());
            transaction = step.Transaction;
            Do(step);
            _engine.AfterOperation();
        }

        _engine.Transactions.Commit(_session);
        _engine.Transactions.Close(_session);
        Finish();
        return _database;
    }

    /// <inheritdoc/>
    ReadOnlySpan<byte> IValueSource.Read(RecordValue value) => value.Stored;

    private ChangeOrigin Origin => new(_session);

    // Before the log is flushed the file is empty: what a crash leaves of it until then is nobody's.
    private EngineDatabase MakeHeader(string path, byte slot, IDiskFile file)
    {
        var (log, disk) = (_engine.Log, _engine.Options.Disk);
        var signature = new Signature((uint)_engine.Options.Random(), _engine.Options.Now);
        _records.CreateDatabase(new(_session.Id, slot, 0, (uint)_options.MaxPages.Value, signature), isSparse: false,
            version: 2, versionUpdate: 0, path);
        var position = log.Append(_records.Written);
        log.Flush();
        var header = DatabaseHeaderWriter.Create(
            _engine.PageSize, CreationPlan.FirstVersion, signature, log.Signature, slot);
        header.AttachAt(position, log.Signature, slot, _engine.Options.Now, keepBackups: true);
        header.Recovering = default;
        header.WriteFirst(file);
        disk.FlushDirectory(Path.GetDirectoryName(path)!);
        disk.Delete(Path.ChangeExtension(path, ".jfm"));
        var database = new EngineDatabase(_engine, path, slot, file, header, _options.MaxPages);
        _engine.Take(database);
        return database;
    }

    private void Do(CreationStep step)
    {
        switch (step.Kind)
        {
            case CreationStepKind.Tree:
                Make(step.Tree!);
                break;
            case CreationStepKind.CatalogRow:
                Write(step.Entry!);
                break;
            case CreationStepKind.ObjidRow:
                Insert(Define(SystemTables.Objids.Name), step.Objid!.Build);
                break;
            case CreationStepKind.LocaleRow:
                Insert(Define(SystemTrees.Locales.Name), step.Locale!.Build);
                break;
            default:
                Change(step.Locale!);
                break;
        }
    }

    private void Make(SystemTree tree)
    {
        var editor = _database.Editor;
        if (tree.Parent == PageNumber.None)
        {
            uint pages = (uint)CreationPlan.FirstPages.Value;
            editor.Records.Clear();
            var change = editor.Change(Origin, _database.Root, tree.Root, DbTime.Nil, editor.NextTime());
            editor.Records.Add<MultipleExtentTreeCreation>(LogRecordType.CreateMultipleExtentTree,
                new(change, editor.NextObject(), new(2), new(3), PageNumber.None, pages, 0));
            editor.Commit(Origin);
            _trees.Add(tree.ObjectId.Value, _database.Root);
            return;
        }

        var parent = _trees.Values.First(other => other.Root == tree.Parent);
        var made = _database.Trees.Space.CreateTree(Origin, parent, tree.Kind, (uint)tree.Pages, tree.HasSpaceTrees);
        if (made.Root != tree.Root || made.ObjectId != tree.ObjectId)
        {
            throw new InvalidOperationException(
                $"{tree.Name} became tree {made.ObjectId} at {made.Root}, not {tree.ObjectId} at {tree.Root}");
        }

        _trees.Add(tree.ObjectId.Value, made);
    }

    private void SetVersion()
    {
        _engine.Log.Flush();
        if (_version <= CreationPlan.FirstVersion)
            return;
        _records.Clear();
        _records.Add<DatabaseVersionChange>(LogRecordType.SetDatabaseVersion, new(_database.Slot,
            _version.Main, _version.UpdateMajor, _version.UpdateMinor));
        _engine.Log.Append(_records.Written);
        _database.HeaderWriter.Version = _version;
        _database.FollowVersion();
    }

    // The engine of Windows does it before the last two tables are made; one that is killed between has to make them
    // when the database is attached. Here a database has all of them, or was never made.
    private void Finish()
    {
        var (log, header) = (_engine.Log, _database.HeaderWriter);
        _records.Clear();
        _records.Add<DatabaseCreationEnd>(LogRecordType.CreateDatabaseFinish, new(_session.Id, _database.Slot));
        log.Append(_records.Written);
        log.Flush();
        header.SetState(DatabaseState.DirtyShutdown, header.Attach.Generation, log.DurableHeader.Generation,
            log.DurableHeader.Created);
        _database.WriteHeader();
    }

    // The record, its entry by root where it has one, that by name, and the record once more in the shadow.
    private void Write(CatalogEntry entry)
    {
        if (entry.TableId.Value >= SystemTrees.Objids.ObjectId.Value)
            _entries.Add(entry);
        byte[] record = _catalogWriter.Write(entry);
        var keys = Insert(_catalog, record);
        _engine.Transactions.Begin(_session, 1);
        Insert(SystemTrees.Shadow.ObjectId.Value, keys.Primary, record);
        _engine.Transactions.Commit(_session);
    }

    private void Insert(TableDefinition table, Action<RecordBuilder> build)
    {
        var builder = new RecordBuilder(table, _format);
        build(builder);
        Insert(table, builder.ToArray());
    }

    private RowKeys Insert(TableDefinition table, byte[] record)
    {
        var keys = new RowKeys(table, this);
        keys.Make(new RecordView(record, _format));
        _engine.Transactions.Begin(_session, 1);
        Insert(table.ObjectId.Value, keys.Primary, record);
        for (int i = keys.Secondary.Count - 1; i >= 0; i--)
        {
            var index = keys.Secondary[i];
            for (int k = 0; k < index.Count; k++)
                Insert(index.Index.ObjectId.Value, index[k], keys.Primary);
        }

        _engine.Transactions.Commit(_session);
        return keys;
    }

    private void Insert(uint tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        if (!_database.Trees.Insert(Origin, _trees[tree], key, data, _engine.Transactions.NextVersion()))
            throw new InvalidOperationException($"tree {tree} of a new database has a key twice");
    }

    private void Change(LocaleRow row)
    {
        var table = Define(SystemTrees.Locales.Name);
        var builder = new RecordBuilder(table, _format);
        row.Build(builder);
        byte[] record = builder.ToArray();
        var keys = new RowKeys(table, this);
        keys.Make(new RecordView(record, _format));
        _database.Trees.Replace(
            Origin, _trees[table.ObjectId.Value], keys.Primary, record, _engine.Transactions.NextVersion());
    }

    private TableDefinition Define(string table) => CatalogReader.Read(
        _entries.OrderBy(entry => (entry.TableId.Value, entry.Kind, entry.Id)), _engine.PageSize).Find(table);
}
