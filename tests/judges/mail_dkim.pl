# Prints, for each file named on standard input, its DKIM signatures from the top as Mail::DKIM judges them:
# the file, then "algorithm result" for each, separated by tabs.
use strict;
use warnings;
use Mail::DKIM::Verifier;

while (my $path = <STDIN>) {
    chomp $path;
    my $dkim = Mail::DKIM::Verifier->new();
    open(my $mail, '<:raw', $path) or die "$path: $!";
    while (my $line = <$mail>) {
        $dkim->PRINT($line);
    }
    close $mail;
    $dkim->CLOSE;
    print join("\t", $path, map { $_->algorithm . " " . $_->result } $dkim->signatures), "\n";
}
