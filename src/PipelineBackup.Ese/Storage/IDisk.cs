namespace PipelineBackup.Ese;

/// <summary>How a file is opened.</summary>
public enum DiskAccess
{
    /// <summary>An existing file, for reading.</summary>
    Read,

    /// <summary>An existing file, for reading and writing, by nobody else meanwhile.</summary>
    ReadWrite,

    /// <summary>A file that is not there yet, for reading and writing, by nobody else meanwhile.</summary>
    CreateNew,
}

/// <summary>
/// Where files live that are changed: the file system of the machine (<see cref="LocalDisk"/>), or one in memory that
/// can lose what was not flushed.
/// </summary>
/// <remarks>
/// What is written is there for whoever reads it next, but survives a crash only once <see cref="IDiskFile.Flush"/>
/// returned; a new, renamed or deleted name only once <see cref="FlushDirectory"/> did. Failures are
/// <see cref="IOException"/>s and <see cref="UnauthorizedAccessException"/>s as those of <see cref="File"/>.
/// </remarks>
public interface IDisk
{
    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What for.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is taken, in use, or the disk failed.</exception>
    IDiskFile Open(string path, DiskAccess access);

    /// <summary>Whether there is a file of that name.</summary>
    /// <param name="path">The file.</param>
    bool FileExists(string path);

    /// <summary>Whether there is a directory of that name.</summary>
    /// <param name="path">The directory.</param>
    bool DirectoryExists(string path);

    /// <summary>Makes a directory, and those above it that are missing, so that they survive a crash.</summary>
    /// <param name="path">The directory; one that is there is no failure.</param>
    /// <exception cref="IOException">A file has the name, or the disk failed.</exception>
    void CreateDirectory(string path);

    /// <summary>Paths of the files in a directory, in ordinal order of their names.</summary>
    /// <param name="directory">The directory.</param>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>
    /// Gives a file, or a directory with all that is in it, another name in the same file system; never replaces anything.
    /// </summary>
    /// <param name="from">The file or directory.</param>
    /// <param name="to">Its name from now on.</param>
    /// <exception cref="IOException">The name is taken, or the disk failed.</exception>
    void Rename(string from, string to);

    /// <summary>Deletes a file, or a directory that is empty; one that is not there is no failure.</summary>
    /// <param name="path">The file or directory.</param>
    /// <exception cref="IOException">The directory is not empty, the file in use, or the disk failed.</exception>
    void Delete(string path);

    /// <summary>Makes sure that the names in a directory survive a crash.</summary>
    /// <param name="directory">The directory.</param>
    void FlushDirectory(string directory);
}

/// <summary>An open file of an <see cref="IDisk"/>. Not for several threads at once.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <param name="buffer">Takes the bytes.</param>
    /// <param name="offset">Where to begin.</param>
    /// <returns>Bytes read.</returns>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes bytes; the file grows where they reach behind its end, with zeros in between.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="offset">Where to.</param>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Cuts or extends the file, with zeros.</summary>
    /// <param name="length">Its length from now on.</param>
    void SetLength(long length);

    /// <summary>Makes sure that all that was written survives a crash.</summary>
    void Flush();
}
