using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>A store in a directory: each object is a file, its name the path.</summary>
/// <remarks>
/// <code>
/// directory/
///   .tmp/put-….tmp              being written; no object has a name with a leading dot
///   set/backups/20261120….json  an object
/// </code>
/// An object is written under a temporary name, flushed, renamed to a name that must be free, and the directory that
/// holds the name is flushed: a crash at any moment leaves the whole object or a temporary file. Symbolic links below
/// the directory are not followed. One process or many may use a directory at the same time.
/// </remarks>
public sealed class FileSystemSink : IBackupSink, IResumableListings
{
    private readonly StoreDirectory _directory;
    private readonly TemporaryFiles _temporaries;
    private readonly FileSystemSinkOptions _options;

    private FileSystemSink(string root, FileSystemSinkOptions options)
    {
        _directory = new(root);
        _temporaries = new(_directory.Temporaries, options);
        _options = options;
        Traits = new() { PutConcurrency = options.Concurrency, ReadConcurrency = options.Concurrency };
    }

    /// <summary>Full path of the directory.</summary>
    public string Root => _directory.Root;

    /// <inheritdoc/>
    public SinkTraits Traits { get; }

    /// <summary>Opens the store in a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="create">Whether to create it, and what is missing above it, if it is not there.</param>
    /// <param name="options">How to keep it; null for the defaults.</param>
    /// <exception cref="SinkException">It is not there, is no directory or cannot be created.</exception>
    public static FileSystemSink Open(string directory, bool create, FileSystemSinkOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Concurrency, 1, nameof(options));
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        try
        {
            if (create)
                DurableFile.CreateDirectoryDurably(root);
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw FileSystemFailure.Of(failure, $"cannot create the store '{root}'");
        }

        return Directory.Exists(root)
            ? new(root, options)
            : throw FileSystemFailure.NotFound(
                $"there is no store '{root}': {(File.Exists(root) ? "it is a file" : "no such directory")}");
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);

        // A pack keeps a thread waiting for the disk for long: not one of the pool, whose few are for those who only
        // want to go on.
        return new(Task.Factory.StartNew(() => Put(name, body, cancellationToken), cancellationToken,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default));
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        new(Task.Run<Stream>(() => OpenRead(name, range), cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return StoreListing.ListAsync(_directory.Root, prefix, after.ToString(), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        new(Task.Run(() => Delete(name), cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Put(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        string? temporary = null;
        try
        {
            string path = _directory.PathOf(name);
            // A look first, so that a pack is not written for nothing; the rename below is what decides.
            RefuseTaken(name, path);
            string directory = _directory.MakeWay(path);
            temporary = _temporaries.NewPath();
            ObjectFile.Write(temporary, body, _options.DirectWrites, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (!DurableFile.TryRenameNoReplace(temporary, path))
            {
                RefuseTaken(name, path);
                // Whoever had the name gave it up between the rename and the look; the rename's answer stands.
                throw FileSystemFailure.AlreadyExists(name);
            }

            temporary = null;
            DurableFile.FlushDirectory(directory);
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw FileSystemFailure.Of(failure, $"cannot store '{name}'");
        }
        finally
        {
            if (temporary is not null)
                TemporaryFiles.Discard(temporary);
        }
    }

    private static void RefuseTaken(ObjectName name, string path)
    {
        if (Directory.Exists(path) && !StoreDirectory.IsLink(path))
        {
            throw new SinkException(
                $"cannot store '{name}': the store has objects below that name, so that it is a directory")
            {
                Hint = "a store in a directory cannot have an object 'a' beside an object 'a/b'",
            };
        }

        if (Path.Exists(path) || StoreDirectory.IsLink(path))
            throw FileSystemFailure.AlreadyExists(name);
    }

    private ObjectRangeStream OpenRead(ObjectName name, ByteRange range)
    {
        string path = _directory.PathOf(name);
        try
        {
            StoreDirectory.RefuseLink(path);
            // Where a directory has the name, there is no object, and opening it would be called a lack of permission.
            // Whether a file is there only the open can tell: without permission a look says no.
            if (Directory.Exists(path))
                throw NoObject(name, null);
            var file = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
            long length = RandomAccess.GetLength(file);
            if (range.Fits(length))
                return new(file, name, range.Offset, range.Length ?? length - range.Offset);
            file.Dispose();
            throw FileSystemFailure.NotFound(
                $"object '{name}' has {length} bytes, and {range.Length ?? 0} from {range.Offset} on lie beyond them");
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw IsMissing(failure) ? NoObject(name, failure) : FileSystemFailure.Of(failure, $"cannot open '{name}'");
        }
    }

    private void Delete(ObjectName name)
    {
        string path = _directory.PathOf(name);
        try
        {
            StoreDirectory.RefuseLink(path);
            if (Directory.Exists(path))
                return;
            File.Delete(path);
            // The emptied directory stays: another writer may be about to put something there.
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            // What is not there, or not even its directory, is as good as deleted.
            if (!IsMissing(failure))
                throw FileSystemFailure.Of(failure, $"cannot delete '{name}'");
        }
    }

    private SinkException NoObject(ObjectName name, Exception? failure) =>
        FileSystemFailure.NotFound($"there is no object '{name}' in '{_directory.Root}'", failure);

    // On the way to 'a/b' a file 'a' is as good as no directory.
    private static bool IsMissing(Exception failure) =>
        DurableFile.FaultOf(failure) is FileFault.NotFound or FileFault.NotDirectory;
}
